import { HeadObjectCommand, NotFound, type S3Client } from '@aws-sdk/client-s3';
import type { AnswerTools, Outcome } from '../shared/answer.ts';
import type { Asset } from '../shared/asset.ts';
import type { RecordIn } from '../shared/record.ts';
import { runWithResult } from '../shared/results.ts';
import type { Upload } from '../shared/run.ts';
import type { Parameters } from '../shared/tripo.ts';

export interface ReuseTools extends Pick<AnswerTools, 'objects' | 'records'> {
  readonly s3: S3Client;
}

/** What an earlier run gave for the same bytes and parameters. Undefined when there is none whose files are all there. */
export async function earlierResult(
  { sha256 }: Upload,
  parameters: Parameters,
  tools: ReuseTools,
): Promise<Outcome | undefined> {
  const runId = sha256 && (await runWithResult(sha256, parameters, tools.objects));
  const earlier = runId ? (await tools.records.read(runId))?.record : undefined;
  if (earlier?.phase !== 'stored') return undefined;
  for (const asset of earlier.assets) if (!(await isThere(asset, tools.s3))) return undefined;
  return asReused(earlier);
}

async function isThere({ bucket, key, versionId }: Asset, s3: S3Client): Promise<boolean> {
  try {
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
    return true;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}

function asReused(earlier: RecordIn<'stored'>): Outcome {
  const { runId, jobId, submittedAt, jobFinishedAt, assets, missing } = earlier;
  const job = { jobId, submittedAt, ...(jobFinishedAt !== undefined && { jobFinishedAt }) };
  return { phase: 'stored', assets, ...(missing && { missing }), cu: 0, reusedFrom: runId, ...job };
}
