import type { SFNClient } from '@aws-sdk/client-sfn';
import { findExecution } from '../platform/execution.ts';
import type { JsonStore } from '../platform/json-store.ts';
import { manifestKey } from './keys.ts';
import type { Unclaimed } from './record.ts';

/** Where a run leaves traces besides its record. */
interface Traces {
  readonly documents: Pick<JsonStore, 'exists'>;
  readonly sfn: SFNClient;
  readonly stateMachineArn: string;
}

/**
 * Whether an upload without a record was processed before: its run has a manifest or an execution. Somebody removed the
 * record, or the run was paid for in another bucket. Such a run must not be paid for again.
 */
export async function wasKnown(
  { runId, upload }: Pick<Unclaimed, 'runId' | 'upload'>,
  traces: Traces,
): Promise<boolean> {
  if (await traces.documents.exists(manifestKey(upload.key, runId))) return true;
  return (await findExecution(runId, traces)) !== undefined;
}
