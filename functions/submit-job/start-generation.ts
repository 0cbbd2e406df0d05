import { ExecutionAlreadyExists, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { firstWaitSeconds } from '../models/poll-interval.ts';
import type { RecordIn } from '../run/record.ts';
import type { Upload } from '../run/upload.ts';

/** What the state machine starts with. The same record always gives the same input. */
export interface GenerationInput {
  readonly runId: string;
  readonly jobId: string;
  readonly upload: Pick<Upload, 'bucket' | 'key' | 'versionId'>;
  readonly submittedAt: string;
  readonly check: { readonly waitSeconds: number };
}

/** Starts the execution that is named after the run. */
export type StartGeneration = (record: RecordIn<'submitted'>) => Promise<void>;

/** An execution of that name means that it was started before: names are taken for 90 days. */
export function createStartGeneration(client: SFNClient, stateMachineArn: string): StartGeneration {
  return async ({ runId, jobId, upload: { bucket, key, versionId }, submittedAt }) => {
    const upload = { bucket, key, versionId };
    const check = { waitSeconds: firstWaitSeconds };
    const input: GenerationInput = { runId, jobId, upload, submittedAt, check };
    try {
      await client.send(
        new StartExecutionCommand({ stateMachineArn, name: runId, input: JSON.stringify(input) }),
      );
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  };
}
