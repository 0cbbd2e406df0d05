import { type Manifest, manifestSchema, schemaVersion } from '../contract/schemas.ts';
import { DEFAULT_MODEL } from '../models/registry.ts';
import { checkStrictly } from '../platform/documents.ts';
import type { FinalRecord, RecordIn } from './record.ts';

/** Every field that a final record can have. */
type Known = Partial<Omit<RecordIn<'stored'>, 'phase'> & Pick<RecordIn<'failed'>, 'failure'>>;

/** Makes the manifest from the record. People read it, so the long list of files comes last. */
export function toManifest(record: FinalRecord): Manifest {
  const { runId, finishedAt, upload, modelId, parameters, quote, claimedAt, quotedAt } = record;
  const { failure, jobId, cu, submittedAt, acceptedAt, jobFinishedAt, reusedFrom }: Known = record;
  const { assets = [], missing }: Known = record;
  // A reused job belongs to another run, and so do its times.
  const times = reusedFrom === undefined && { submittedAt, acceptedAt, jobFinishedAt };
  const manifest = {
    schemaVersion,
    status: record.phase,
    runId,
    finishedAt,
    failure,
    upload,
    model: { id: modelId ?? DEFAULT_MODEL.id, parameters },
    quote,
    job: jobId && { jobId, cu, submittedAt, finishedAt: jobFinishedAt },
    timings: { claimedAt, quotedAt, ...times, finishedAt },
    reusedFrom,
    assets,
    missing,
  };
  return checkStrictly(manifestSchema, manifest as Manifest, record);
}
