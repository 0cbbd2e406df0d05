import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { toError } from './errors.ts';
import { METRIC_NAMESPACE, METRIC_UNITS, type MetricName } from './metrics.ts';

/** A function's logs and metrics. */
export interface Telemetry {
  readonly log: Pick<Logger, 'info' | 'warn' | 'error' | 'appendKeys'>;
  /** Adds to a metric of this invocation. */
  readonly count: (name: MetricName, value: number) => void;
}

/** Structured JSON. `runId` and `jobId` are on every line once they are known. */
const log = new Logger();
const metrics = new Metrics({ namespace: METRIC_NAMESPACE });

export const lambdaTelemetry: Telemetry = {
  log,
  count: (name, value) => {
    metrics.addMetric(name, METRIC_UNITS[name], value);
  },
};

/** What a function does with one event. */
export type Handle<Event, Result> = (event: Event, context: Context) => Promise<Result>;

/**
 * Wraps a function's work in a Lambda handler: adds IDs to its log lines, logs a failure, and publishes its metrics at
 * the end. Only this file knows middy.
 */
export function instrument<Event, Result>(handle: Handle<Event, Result>) {
  // With middy's early time-out, the handler would outlive its invocation.
  return middy<Event, Result>({ timeoutEarlyInMillis: 0 })
    .use({
      before: ({ event, context }: { event: unknown; context: Context }) => {
        log.resetKeys();
        log.addContext(context);
        log.appendKeys(idsIn(event));
      },
      after: publishMetrics,
      onError: ({ error }) => {
        log.error('failed', { error: toError(error) });
        publishMetrics();
      },
    })
    .handler(handle);
}

function idsIn(event: unknown): Record<string, string> {
  if (typeof event !== 'object' || event === null) return {};
  const ids = Object.entries(event).filter(([name]) => name === 'runId' || name === 'jobId');
  return Object.fromEntries(ids.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function publishMetrics(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
