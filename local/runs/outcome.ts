import { buffer } from 'node:stream/consumers';
import type * as z from 'zod';
import { recordSchema } from '../../functions/run/record.ts';
import { exportedFile } from './export.ts';
import type { ObjectStore } from '../aws/s3/store.ts';
import { manifestSchema } from '../../functions/contract/schemas.ts';
import { manifestKey, recordKey } from '../../functions/run/keys.ts';

/** How a run ended, and its files on this machine. */
export interface RunOutcome {
  readonly status: 'stored' | 'failed' | 'rejected';
  /** The path of the model, relative to the folder of all models. */
  readonly model: string | null;
  readonly manifest: string;
  readonly code: string | null;
  readonly reason: string | null;
  /** The charged compute units or, if unknown, the quoted ones. */
  readonly cu: number | null;
}

/** Reads the manifest of a run, and its record for the rest. */
export async function outcomeOf(
  store: ObjectStore,
  bucket: string,
  { runId, key }: { readonly runId: string; readonly key: string },
  out: string,
): Promise<RunOutcome> {
  const place = manifestKey(key, runId);
  const { status, assets, failure, job } = await readJson(store, bucket, place, manifestSchema);
  const { quote } = await readJson(store, bucket, recordKey(runId), recordSchema);
  const model = assets.find(({ role }) => role === 'model');
  return {
    status,
    model: status === 'stored' && model ? exportedFile(out, model.key) : null,
    manifest: exportedFile(out, place),
    code: failure?.code ?? null,
    reason: failure?.reason ?? null,
    cu: job?.cu ?? quote ?? null,
  };
}

async function readJson<T>(store: ObjectStore, bucket: string, key: string, schema: z.ZodType<T>): Promise<T> {
  return schema.parse(JSON.parse((await buffer(store.get(bucket, key).body)).toString()));
}
