import { DescribeExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { type AnswerTools, answer } from './conclude.ts';
import { type Failure, type FailureCode, failure, isFailureCode } from '../contract/failures.ts';
import { jsonIn } from '../platform/json.ts';
import type { Log } from '../platform/observability.ts';

const statusChange = z.object({
  detail: z.object({
    executionArn: z.string(),
    name: z.string(),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});

/** An execution that ended without storing a model. It is named after its run. */
export type EndedExecution = z.infer<typeof statusChange>['detail'];

export function executionIn(event: unknown): EndedExecution {
  return statusChange.parse(event).detail;
}

export interface ReportTools extends AnswerTools {
  readonly sfn: SFNClient;
  readonly log: Log;
}

/** Answers the run of an execution that ended red. A run that is stored all the same is announced as stored. */
export async function reportFailure(execution: EndedExecution, tools: ReportTools): Promise<void> {
  const runId = execution.name;
  tools.log.appendKeys({ runId });
  const kept = await tools.records.read(runId);
  // An execution that somebody started by hand, without an upload, is nobody's run.
  if (!kept) return tools.log.warn('no record of this run', { executionArn: execution.executionArn });
  if ('jobId' in kept.record) tools.log.appendKeys({ jobId: kept.record.jobId });
  const why = failureOf(await withCause(execution, tools.sfn));
  tools.log.info('reporting', { failure: why });
  await answer(kept.record, { phase: 'failed', failure: why }, tools);
}

/** The event does not always carry error and cause; the execution itself does. */
async function withCause(execution: EndedExecution, sfn: SFNClient): Promise<EndedExecution> {
  if (execution.error != null || execution.status !== 'FAILED') return execution;
  const described = await sfn.send(new DescribeExecutionCommand({ executionArn: execution.executionArn }));
  return { ...execution, error: described.error, cause: described.cause };
}

/** What leaves the machine by its error's name, and the code that tells it. */
const CODES: Readonly<Record<string, FailureCode>> = {
  DeadlineError: 'deadline',
  JobLostError: 'job-lost',
  UnusableResultError: 'no-model',
  DownloadBrokenError: 'download-broken',
  AssetNotReadyError: 'download-broken',
  ScenarioBusyError: 'download-broken',
  ScenarioUnavailableError: 'download-broken',
  ScenarioAccountError: 'download-broken',
  'States.Timeout': 'timed-out',
  'Sandbox.Timedout': 'timed-out',
};

function failureOf({ status, error, cause }: EndedExecution): Failure {
  if (status === 'ABORTED') return failure('aborted', cause || 'somebody stopped the execution');
  if (status === 'TIMED_OUT') return failure('timed-out', 'the execution did not end in time');
  const name = error ?? '';
  const reason = messageIn(cause) || name || 'the execution failed without saying why';
  return failure(isFailureCode(name) ? name : (CODES[name] ?? 'internal'), reason);
}

const lambdaError = z.object({ errorMessage: z.string() });

/** A Lambda's error comes as JSON with a stack trace; a Fail state's cause as the sentence itself. */
function messageIn(cause: string | null | undefined): string {
  return lambdaError.safeParse(jsonIn(cause ?? '')).data?.errorMessage ?? cause ?? '';
}
