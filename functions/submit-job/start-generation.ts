import { ExecutionAlreadyExists, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Upload } from '../contract/schemas.ts';
import type { Model } from '../models/model.ts';
import type { RecordIn } from '../run/record.ts';

/** What the state machine starts with. The same record always gives the same input. */
export interface GenerationInput {
  readonly runId: string;
  readonly jobId: string;
  readonly modelId: string;
  readonly upload: Pick<Upload, 'bucket' | 'key' | 'versionId'>;
  readonly submittedAt: string;
  readonly check: { readonly waitSeconds: number };
}

/** Starts the execution that is named after the run. If it exists, it was started before: a name lasts for 90 days. */
export async function startGeneration(
  { runId, jobId, upload: { bucket, key, versionId }, submittedAt }: RecordIn<'submitted'>,
  { id: modelId, polling }: Model,
  { sfn, stateMachineArn }: { readonly sfn: SFNClient; readonly stateMachineArn: string },
): Promise<void> {
  const upload = { bucket, key, versionId };
  const check = { waitSeconds: polling.firstSeconds };
  const input: GenerationInput = { runId, jobId, modelId, upload, submittedAt, check };
  try {
    await sfn.send(new StartExecutionCommand({ stateMachineArn, name: runId, input: JSON.stringify(input) }));
  } catch (error) {
    if (!(error instanceof ExecutionAlreadyExists)) throw error;
  }
}
