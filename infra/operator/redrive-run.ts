import { ExecutionNotRedrivable, RedriveExecutionCommand } from '@aws-sdk/client-sfn';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { executionArnOf, executionOf } from '../../functions/platform/execution.ts';
import type { RecordIn, RunRecord } from '../../functions/run/record.ts';
import { uploadMessage } from '../../functions/run/upload-message.ts';
import type { Done } from './operate.ts';
import type { OperatorTools } from './operator-tools.ts';

/** Moves a run on by the phase of its record. Whatever it does can be done again, and pays for nothing. */
export async function redriveRun(record: RunRecord, tools: OperatorTools): Promise<Done> {
  const { runId } = record;
  switch (record.phase) {
    case 'stored':
      return no(`the run ${runId} is stored already; redeliver announces it again`);
    case 'rejected':
      return no(`the run ${runId} was rejected and nothing was paid: ${record.failure.reason}. ${AGAIN}`);
    case 'failed':
      return await redriveFailed(record, tools);
    case 'submitted':
      return await redriveExecution(record, tools);
    case 'claimed':
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
  if (jobId === undefined)
    return no(`the run ${runId} failed before anything was paid: ${failure.reason}. ${AGAIN}`);
  if (failure.code === 'job-failed')
    return no(
      `the job ${jobId} itself failed at Scenario, which gave the money back: ${failure.reason}. ${AGAIN}`,
    );
  if (failure.code === 'job-canceled')
    return no(`the job ${jobId} itself was canceled at Scenario: there is nothing to fetch. ${AGAIN}`);
  return await redriveExecution(record, tools);
}

/** The job is paid: its execution goes on, or is started by SubmitJob, which reads the record first. */
async function redriveExecution(
  record: RecordIn<'submitted' | 'failed'>,
  tools: OperatorTools,
): Promise<Done> {
  const { runId } = record;
  const status = (await executionOf(runId, tools))?.status;
  if (status === 'RUNNING' || status === 'PENDING_REDRIVE')
    return { done: true, sentence: `the run ${runId} is under way: its execution is running` };
  if (status === undefined && record.phase === 'submitted') return await putBack(record, tools);
  if (status === undefined) return no(`the execution of ${runId} is gone: it can not be redriven any more`);
  try {
    await tools.sfn.send(new RedriveExecutionCommand({ executionArn: executionArnOf(runId, tools) }));
    return { done: true, sentence: `the execution of ${runId} goes on from the state that failed` };
  } catch (error) {
    if (!(error instanceof ExecutionNotRedrivable)) throw error;
    return no(`the execution of ${runId} can not be redriven any more: ${error.message}`);
  }
}

/** SubmitJob may be called again at any time: it reads the record before anything else. */
async function putBack({ runId, upload }: RunRecord, tools: OperatorTools): Promise<Done> {
  const { bucket, key, versionId } = upload;
  if (versionId === undefined)
    return no(
      `the bucket ${bucket} has no versioning, so that only S3 itself can announce ${key}: upload it again`,
    );
  await tools.sqs.send(
    new SendMessageCommand({
      QueueUrl: tools.uploadsQueueUrl,
      MessageBody: uploadMessage({ bucket, key, versionId }),
    }),
  );
  return { done: true, sentence: `the upload of ${runId} is in the queue again` };
}
