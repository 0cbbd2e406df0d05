import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Parameters } from '../contract/schemas.ts';
import { checkStrictly, readTolerantly, schemaVersion1 } from '../platform/documents.ts';
import type { JsonStore } from '../platform/json-store.ts';
import type { FinalRecord, RecordIn, RecordStore } from './record.ts';

/** Which run has stored the model of these bytes with these parameters. */
const resultSchema = z.strictObject({ schemaVersion: schemaVersion1, runId: z.string() });

/** What two uploads must share to have the same result. */
export interface Picture {
  readonly modelId: string;
  /** Hex, of the image. */
  readonly sha256: string;
  readonly parameters: Parameters;
}

function resultKey({ modelId, sha256, parameters }: Picture): string {
  const values = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = createHash('sha256')
    .update(JSON.stringify([modelId, sha256, values]))
    .digest('hex');
  return `results/${digest}.json`;
}

/**
 * Finds the last run that stored a model of the same picture. Undefined if there is none, or if one of its files is
 * gone.
 */
export async function findResult(
  picture: Picture,
  { documents, records }: { readonly documents: JsonStore; readonly records: RecordStore },
): Promise<RecordIn<'stored'> | undefined> {
  const found = await documents.read(resultKey(picture));
  const result = readTolerantly(resultSchema, found?.value);
  const earlier = result && (await records.read(result.runId))?.record;
  if (earlier?.phase !== 'stored') return undefined;
  for (const { key, versionId } of earlier.assets) if (!(await documents.exists(key, versionId))) return undefined;
  return earlier;
}

/** Remembers a run that made a model. If another run is first, that is fine: its result is as good. */
export async function rememberResult(record: FinalRecord, modelId: string, documents: JsonStore): Promise<void> {
  if (record.phase !== 'stored' || record.reusedFrom !== undefined) return;
  const { runId, parameters, upload } = record;
  if (!parameters || upload.sha256 === undefined) return;
  const key = resultKey({ modelId, sha256: upload.sha256, parameters });
  const standing = await documents.read(key);
  if (readTolerantly(resultSchema, standing?.value)?.runId === runId) return;
  await documents.write(key, checkStrictly(resultSchema, { schemaVersion: '1.0', runId }), standing?.etag);
}
