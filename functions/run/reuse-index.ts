import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { JsonObjects } from '../platform/json-store.ts';
import type { FinalRecord } from './record.ts';
import { modelId, type Parameters, parameterNames } from '../models/tripo-3-1.ts';

/** Which run has stored the model of these bytes with these parameters. */
const resultSchema = z.strictObject({ schemaVersion: z.literal('1.0'), runId: z.string() });

function resultKey(sha256: string, parameters: Parameters): string {
  const values = parameterNames.map((name) => [name, parameters[name]]);
  const digest = createHash('sha256')
    .update(JSON.stringify([modelId, sha256, values]))
    .digest('hex');
  return `results/${digest}.json`;
}

/** The last run that stored a model of the same image with the same parameters. */
export async function runWithResult(
  sha256: string,
  parameters: Parameters,
  objects: JsonObjects,
): Promise<string | undefined> {
  const kept = await objects.read(resultKey(sha256, parameters));
  return resultSchema.safeParse(kept?.value).data?.runId;
}

/** Remembers a run that made a model. Losing a race is fine: the other's result is as good. */
export async function rememberResult(record: FinalRecord, objects: JsonObjects): Promise<void> {
  if (record.phase !== 'stored' || record.reusedFrom !== undefined) return;
  const { runId, parameters, upload } = record;
  if (!parameters || upload.sha256 === undefined) return;
  const key = resultKey(upload.sha256, parameters);
  const kept = await objects.read(key);
  const result = { schemaVersion: '1.0', runId };
  if (JSON.stringify(kept?.value) !== JSON.stringify(result)) await objects.write(key, result, kept?.etag);
}
