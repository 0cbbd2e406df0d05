import { ExecutionNotRedrivable, RedriveExecutionCommand } from '@aws-sdk/client-sfn';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { RecordIn, RunRecord } from '../functions/run/record.ts';
import type { Done } from './operate.ts';
import type { OperatorTools } from './operator-tools.ts';
import { executionArn, findExecution } from '../functions/platform/execution.ts';
import { isoDate } from '../functions/platform/clock.ts';
import { uploadMessage } from '../functions/run/upload.ts';

/** Continues a run from the phase in its record. Safe to repeat: it never pays. */
export async function redriveRun(record: RunRecord, tools: OperatorTools): Promise<Done> {
  const { runId } = record;
  switch (record.phase) {
    case 'stored':
      return no(`the run ${runId} is already stored; use redeliver to announce it again`);
    case 'rejected':
      return no(`the run ${runId} was rejected before anything was paid: ${record.failure.reason}. ${AGAIN}`);
    case 'failed':
      return await redriveFailed(record, tools);
    case 'submitted':
      return await redriveExecution(record, tools);
    case 'claimed':
      return await release(record, tools);
    case 'sending':
      return await putBack(record, tools);
  }
}

const AGAIN = 'Upload the image again';

function no(sentence: string): Done {
  return { done: false, sentence };
}

async function redriveFailed(record: RecordIn<'failed'>, tools: OperatorTools): Promise<Done> {
  const { runId, jobId, failure } = record;
  if (jobId === undefined) return no(`the run ${runId} failed before anything was paid: ${failure.reason}. ${AGAIN}`);
  if (failure.code === 'job-failed')
    return no(`the job ${jobId} failed at Scenario, which refunded it: ${failure.reason}. ${AGAIN}`);
  if (failure.code === 'job-canceled')
    return no(`the job ${jobId} was canceled at Scenario, so there is nothing to fetch. ${AGAIN}`);
  return await redriveExecution(record, tools);
}

/** Continues the execution of a paid job. If there is none, SubmitJob starts it: it reads the record first. */
async function redriveExecution(record: RecordIn<'submitted' | 'failed'>, tools: OperatorTools): Promise<Done> {
  const { runId } = record;
  const status = (await findExecution(runId, tools))?.status;
  if (status === 'RUNNING' || status === 'PENDING_REDRIVE')
    return { done: true, sentence: `the execution of ${runId} is already running` };
  if (status === undefined && record.phase === 'submitted') return await putBack(record, tools);
  if (status === undefined) return no(`the execution of ${runId} no longer exists, so it cannot be redriven`);
  try {
    await tools.sfn.send(new RedriveExecutionCommand({ executionArn: executionArn(runId, tools.stateMachineArn) }));
    return { done: true, sentence: `the execution of ${runId} continues at the state that failed` };
  } catch (error) {
    if (!(error instanceof ExecutionNotRedrivable)) throw error;
    return no(`the execution of ${runId} cannot be redriven anymore: ${error.message}`);
  }
}

/** A run that was refused waits longer each time. Lets it send at once, but never before its sends are settled. */
async function release(record: RecordIn<'claimed'>, tools: OperatorTools): Promise<Done> {
  const isRefused = record.sends.some(({ refusal }) => refusal);
  const standing = isRefused ? await tools.records.read(record.runId) : undefined;
  if (standing?.record.phase === 'claimed') {
    const { etag } = standing;
    const releasedAt = isoDate(tools.clock.now());
    await tools.records.replace({ record: standing.record, etag }, { ...standing.record, releasedAt });
  }
  return await putBack(record, tools);
}

/**
 * Sends the upload to SubmitJob again. Safe at any time, because SubmitJob reads the record before it does anything.
 */
async function putBack({ runId, upload }: RunRecord, tools: OperatorTools): Promise<Done> {
  const { bucket, key, versionId } = upload;
  if (versionId === undefined)
    return no(`the bucket ${bucket} has no versioning, so only S3 itself can announce ${key}. ${AGAIN}`);
  await tools.sqs.send(
    new SendMessageCommand({
      QueueUrl: tools.uploadsQueueUrl,
      MessageBody: uploadMessage({ bucket, key, versionId }),
    }),
  );
  return { done: true, sentence: `the upload of ${runId} is back in the queue` };
}
