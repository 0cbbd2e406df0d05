import { inspect } from 'node:util';
import type { Context } from 'aws-lambda';
import { createCheckJob } from '../../../functions/check-job/check-job.ts';
import { createMakeRenditions } from '../../../functions/make-renditions/make-renditions.ts';
import type { Clock as FunctionClock } from '../../../functions/platform/clock.ts';
import type { Env } from '../../../functions/platform/env.ts';
import { METRIC_NAMESPACE } from '../../../functions/platform/metrics.ts';
import type { Handle, Telemetry } from '../../../functions/platform/observability.ts';
import { createReportFailure } from '../../../functions/report-failure/report-failure.ts';
import { createStoreAssets } from '../../../functions/store-assets/store-assets.ts';
import { createSubmitJob } from '../../../functions/submit-job/submit-job.ts';
import { createSweep } from '../../../functions/sweep/sweep.ts';
import { makeHere } from '../../functions/make-here.ts';
import { inspectHere } from '../../functions/inspect-here.ts';
import { clients } from './aws-clients.ts';
import { alarmIn, currentInvocation, type Invocation, sleepIn } from './invocation.ts';
import type { Logic } from './lambda.ts';
import { scenarioFetch, scenarioGet } from './scenario-fetch.ts';

/** The time as seen by the current invocation. The clock of each function can be minutes off. */
const clock: FunctionClock = {
  now: () => {
    const { world, functionName } = currentInvocation();
    return world.clock.now() + world.skewMs(functionName);
  },
  sleep: (ms) => sleepIn(currentInvocation(), ms),
  alarm: (ms, ring) => alarmIn(currentInvocation(), ms, ring),
  random: () => currentInvocation().world.random(),
};

/** Logs errors with all their properties, as the real logger does. */
function log(message: unknown, ...extra: readonly unknown[]): void {
  const { who, world } = currentInvocation();
  const parts = [message, ...extra].map((part) => (typeof part === 'string' ? part : inspect(part)));
  world.onLog(who, parts.join(' '));
}

const telemetry: Telemetry = {
  log: { info: log, warn: log, error: log, appendKeys: () => undefined },
  count: (metric, value) => {
    const { world, functionName } = currentInvocation();
    const of = world.environment(functionName)['POWERTOOLS_SERVICE_NAME'] ?? '';
    world.metrics.add({ namespace: METRIC_NAMESPACE, metric, of, at: world.clock.now(), value });
  },
};

const outside = {
  ...clients,
  fetch: scenarioFetch,
  get: scenarioGet,
  lookup: () => Promise.reject(new Error('all files are at the stand-in')),
  // Threads would run in real time.
  validate: async () => ({}),
  inspect: inspectHere,
  make: makeHere,
};

type Create = (env: Env<string>) => Handle<never, unknown>;

/** The compositions of the handlers. Only the clock, the clients, and telemetry belong to the world. */
const compositions: Readonly<Record<string, Create>> = {
  SubmitJob: (env) => createSubmitJob(env, outside, clock, { telemetry }),
  CheckJob: (env) => createCheckJob(env, outside, clock),
  StoreAssets: (env) => createStoreAssets(env, outside, clock, { telemetry }),
  ReportFailure: (env) => createReportFailure(env, outside, clock, { telemetry }),
  Sweep: (env) => createSweep(env, outside, clock, { telemetry }),
  MakeRenditions: (env) => createMakeRenditions(env, outside, clock, { telemetry }),
};

export const logics: Readonly<Record<string, Logic>> = Object.fromEntries(
  Object.entries(compositions).map(([name, create]) => [name, inContainer(create)]),
);

/** Composes the function when a container starts, and reuses it, with its state, while the container is warm. */
function inContainer(create: Create): Logic {
  return (event, invocation) => {
    const { container, world, functionName } = invocation;
    const kept = container.get('handle') as Handle<never, unknown> | undefined;
    const handle = kept ?? create({ ...world.environment(functionName), SCENARIO_URL: world.scenarioUrl });
    container.set('handle', handle);
    return handle(event as never, contextOf(invocation));
  };
}

function contextOf({ deadline, world }: Invocation): Context {
  return { getRemainingTimeInMillis: () => deadline - world.clock.now() } as Context;
}
