import type { AnswerTools, Outcome } from '../run/conclude.ts';
import type { RecordIn } from '../run/record.ts';
import { runWithResult } from '../run/reuse-index.ts';
import type { Upload } from '../run/upload.ts';
import type { Parameters } from '../models/tripo-3-1.ts';

/** What an earlier run gave for the same bytes and parameters. Undefined when there is none whose files are all there. */
export async function earlierResult(
  { sha256 }: Upload,
  parameters: Parameters,
  { objects, records }: Pick<AnswerTools, 'objects' | 'records'>,
): Promise<Outcome | undefined> {
  const runId = sha256 && (await runWithResult(sha256, parameters, objects));
  const earlier = runId ? (await records.read(runId))?.record : undefined;
  if (earlier?.phase !== 'stored') return undefined;
  for (const { key, versionId } of earlier.assets)
    if (!(await objects.exists(key, versionId))) return undefined;
  return asReused(earlier);
}

function asReused(earlier: RecordIn<'stored'>): Outcome {
  const { phase, runId, jobId, submittedAt, jobFinishedAt, assets, missing } = earlier;
  return { phase, assets, missing, cu: 0, reusedFrom: runId, jobId, submittedAt, jobFinishedAt };
}
