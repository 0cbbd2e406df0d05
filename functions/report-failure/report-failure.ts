import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { type Failure, type FailureCode, failure, isFailureCode } from '../contract/failures.ts';
import { normalizeAwsErrors } from '../platform/aws-errors.ts';
import type { Clients } from '../platform/clients.ts';
import type { Clock } from '../platform/clock.ts';
import type { Env } from '../platform/env.ts';
import { toError } from '../platform/errors.ts';
import { parseJson } from '../platform/json.ts';
import { type Handle, lambdaTelemetry } from '../platform/observability.ts';
import { consumeBatch } from '../platform/queue-batch.ts';
import { conclude } from '../run/conclude.ts';
import { type EndedExecution, endedExecutionIn } from '../run/ended-execution.ts';
import { createRuns, RUNS_ENV, type Runs, type Surroundings } from '../run/runs.ts';

export const REPORT_FAILURE_ENV = RUNS_ENV;
export type ReportFailureEnv = Env<(typeof REPORT_FAILURE_ENV)[number]>;

/**
 * Concludes the run of each execution that failed, timed out or was aborted. SQS delivers a report again if this fails.
 */
export function createReportFailure(
  env: ReportFailureEnv,
  clients: Clients<'s3' | 'events' | 'sfn'>,
  clock: Clock,
  { telemetry = lambdaTelemetry }: Surroundings = {},
): Handle<SQSEvent, SQSBatchResponse> {
  const runs = createRuns(env, clients, clock, telemetry);
  const sfn = normalizeAwsErrors(clients.sfn);
  return async (event) =>
    await consumeBatch(
      event,
      (body) => reportFailure(endedExecutionIn(body), runs, sfn),
      (_message, error) => telemetry.log.warn('the report returns to the queue', { error: toError(error) }),
    );
}

type Sfn = Clients<'sfn'>['sfn'];

/** Concludes the run of an execution that did not succeed. If the run is stored anyway, it is announced as stored. */
async function reportFailure(execution: EndedExecution, runs: Runs, sfn: Sfn): Promise<void> {
  const { log } = runs.telemetry;
  const runId = execution.name;
  log.appendKeys({ runId });
  const standing = await runs.records.read(runId);
  // An execution that somebody started by hand, without an upload, does not belong to a run.
  if (!standing) return log.warn('no record of this run', { executionArn: execution.executionArn });
  const { record } = standing;
  if ('jobId' in record) log.appendKeys({ jobId: record.jobId });
  const why = toFailure(await withCause(execution, sfn));
  log.info('reporting', { failure: why });
  if (PAID_BUT_NOT_STORED.includes(why.code)) runs.telemetry.count('ModelNotStored', 1);
  await conclude(record, { phase: 'failed', failure: why }, runs);
}

/** The model exists or may exist, and is paid: a person has to look. */
const PAID_BUT_NOT_STORED: readonly FailureCode[] = [
  'internal',
  'download-broken',
  'deadline',
  'job-lost',
  'timed-out',
];

/** The event does not always carry error and cause; the execution itself does. */
async function withCause(execution: EndedExecution, sfn: Sfn): Promise<EndedExecution> {
  if (execution.error != null || execution.status !== 'FAILED') return execution;
  const { executionArn } = execution;
  const { error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  return { ...execution, error, cause };
}

/**
 * Transient errors that the state machine retried until it gave up. Every other error has the name of its failure code.
 */
const CODES: Readonly<Record<string, FailureCode>> = {
  AssetNotReadyError: 'download-broken',
  DownloadBrokenError: 'download-broken',
  ScenarioBusyError: 'download-broken',
  ScenarioUnavailableError: 'download-broken',
  ScenarioAccountError: 'download-broken',
  'States.Timeout': 'timed-out',
  'Sandbox.Timedout': 'timed-out',
};

function toFailure({ status, error, cause }: EndedExecution): Failure {
  if (status === 'ABORTED') return failure('aborted', cause || 'somebody stopped the execution');
  if (status === 'TIMED_OUT') return failure('timed-out', 'the execution did not end in time');
  const name = error ?? '';
  const reason = messageIn(cause) || name || 'the execution failed without a reason';
  return failure(isFailureCode(name) ? name : (CODES[name] ?? 'internal'), reason);
}

const lambdaError = z.object({ errorMessage: z.string() });

/** Lambda reports an error as JSON with a stack trace. The cause of a Fail state is the sentence itself. */
function messageIn(cause: string | null | undefined): string {
  return lambdaError.safeParse(parseJson(cause ?? '')).data?.errorMessage ?? cause ?? '';
}
