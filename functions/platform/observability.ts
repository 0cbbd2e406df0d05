import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { MiddlewareObj } from '@middy/core';
import { errorOf } from './to-error.ts';
import { METRIC_NAMESPACE, type MetricName, UNITS } from './metrics.ts';

/** Structured JSON logs. `runId` and `jobId` are on every line once they are known. */
export const log = new Logger();

export type Log = Pick<Logger, 'info' | 'warn' | 'error' | 'appendKeys'>;

const metrics = new Metrics({ namespace: METRIC_NAMESPACE });

/** Adds to a metric of this invocation. */
export type Count = (name: MetricName, value: number) => void;

export const count: Count = (name, value) => {
  metrics.addMetric(name, UNITS[name], value);
};

/** What every function has: ids on its log lines, its failure logged by name, its metrics out at the end. */
export function observed(): MiddlewareObj {
  return {
    before: ({ event, context }) => {
      log.resetKeys();
      log.addContext(context);
      log.appendKeys(idsOf(event));
    },
    after: flush,
    onError: ({ error }) => {
      log.error('failed', { error: errorOf(error) });
      flush();
    },
  };
}

function idsOf(event: unknown): Record<string, string> {
  if (typeof event !== 'object' || event === null) return {};
  const ids = Object.entries(event).filter(([name]) => name === 'runId' || name === 'jobId');
  return Object.fromEntries(ids.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function flush(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
