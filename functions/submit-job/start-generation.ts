import { ExecutionAlreadyExists, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Upload } from '../contract/schemas.ts';
import type { Model } from '../models/model.ts';
import { checkTimes } from '../models/poll-interval.ts';
import type { JsonStore } from '../platform/json-store.ts';
import { durationsOf } from '../run/job-durations.ts';
import type { RecordIn } from '../run/record.ts';

/** What the state machine starts with. */
export interface GenerationInput {
  readonly runId: string;
  readonly jobId: string;
  readonly modelId: string;
  readonly upload: Pick<Upload, 'bucket' | 'key' | 'versionId'>;
  readonly submittedAt: string;
  readonly check: {
    readonly waitSeconds: number;
    /** When to check the job, in seconds after its submission. */
    readonly times: readonly number[];
  };
}

interface StateMachine {
  readonly sfn: SFNClient;
  readonly stateMachineArn: string;
  readonly runs: { readonly documents: JsonStore };
}

/** Starts the execution that is named after the run. If it exists, it was started before: a name lasts for 90 days. */
export async function startGeneration(
  { runId, jobId, upload: { bucket, key, versionId }, submittedAt }: RecordIn<'submitted'>,
  model: Model,
  { sfn, stateMachineArn, runs }: StateMachine,
): Promise<void> {
  const upload = { bucket, key, versionId };
  const times = checkTimes(await durationsOf(model, runs.documents));
  const check = { waitSeconds: times[0] ?? 0, times };
  const input: GenerationInput = { runId, jobId, modelId: model.id, upload, submittedAt, check };
  try {
    await sfn.send(new StartExecutionCommand({ stateMachineArn, name: runId, input: JSON.stringify(input) }));
  } catch (error) {
    if (!(error instanceof ExecutionAlreadyExists)) throw error;
  }
}
