import { createHash } from 'node:crypto';
import * as z from 'zod';
import { DEFAULT_MODEL } from '../models/registry.ts';
import { checkStrictly, readTolerantly, schemaVersion1 } from '../platform/documents.ts';
import { DocumentUnreadableError } from '../platform/errors.ts';
import type { JsonStore } from '../platform/json-store.ts';
import type { RecordIn, RunRecord } from './record.ts';

/** Which run makes, or has made, the model of a picture: the same bytes, with the same model and parameters. */
const resultSchema = z.strictObject({
  schemaVersion: schemaVersion1,
  runId: z.string(),
  send: z
    .strictObject({ assetId: z.string(), sentAt: z.iso.datetime() })
    .optional()
    .describe("the owner's last send, written right before it began"),
});
type Result = z.infer<typeof resultSchema>;
type Send = NonNullable<Result['send']>;

/** The entry of one picture in the index. */
export interface Claim {
  readonly key: string;
  /** Undefined if no run has claimed the picture. */
  readonly owner?: Result;
  readonly etag?: string;
  /** The time since the entry was written, by S3's own clock. */
  readonly ageMs: number;
}

/** Undefined if the record lacks the image's hash or its parameters. */
function resultKey({ modelId = DEFAULT_MODEL.id, parameters, upload }: RunRecord): string | undefined {
  if (!parameters || upload.sha256 === undefined) return undefined;
  const values = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  const picture = JSON.stringify([modelId, upload.sha256, values]);
  return `results/${createHash('sha256').update(picture).digest('hex')}.json`;
}

/**
 * Reads who makes the picture of this run.
 *
 * @throws DocumentUnreadableError
 */
export async function readClaim(record: RunRecord, documents: JsonStore): Promise<Claim> {
  const key = resultKey(record);
  if (key === undefined) throw new Error(`the record of ${record.runId} does not describe its picture`);
  const found = await documents.read(key);
  if (!found) return { key, ageMs: 0 };
  const owner = readTolerantly(resultSchema, found.value);
  if (!owner) throw new DocumentUnreadableError(`${key} cannot be understood`);
  return { key, owner, etag: found.etag, ageMs: found.ageMs };
}

/**
 * Claims the picture for a send of this run, or renews the claim.
 *
 * @returns false if the entry has changed since it was read
 */
export async function renewClaim(
  { key, owner, etag }: Claim,
  runId: string,
  { assetId, sentAt }: Send,
  documents: JsonStore,
): Promise<boolean> {
  const result = { ...owner, schemaVersion: '1.0', runId, send: { assetId, sentAt } };
  return (await documents.write(key, checkStrictly(resultSchema, result, owner), etag)) !== undefined;
}

/** Makes a run that has paid for its model the newest result of its picture. */
export async function rememberResult(record: RecordIn<'stored'>, documents: JsonStore): Promise<void> {
  const key = record.reusedFrom === undefined ? resultKey(record) : undefined;
  if (key === undefined) return;
  const standing = await documents.read(key);
  const owner = readTolerantly(resultSchema, standing?.value);
  // An entry that cannot be understood stays as it is. If another run is first, that is fine: its result is as good.
  if (owner?.runId === record.runId || (standing && !owner)) return;
  await documents.write(
    key,
    checkStrictly(resultSchema, { schemaVersion: '1.0', runId: record.runId }),
    standing?.etag,
  );
}
