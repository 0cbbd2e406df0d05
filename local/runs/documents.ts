import { buffer } from 'node:stream/consumers';
import { parseJson } from '../../functions/platform/json.ts';
import { readSpent } from '../../functions/spending/day-ledger.ts';
import type { LocalMeshdrop } from './local-meshdrop.ts';

type Assets = Pick<LocalMeshdrop, 'store' | 'assetBucket'>;

/** Reads a JSON document of the asset bucket. Undefined if there is none. */
export async function readDocument(key: string, assets: Assets): Promise<unknown> {
  return hasDocument(key, assets) ? await readPresent(key, assets) : undefined;
}

/** Returns what today has cost so far, in compute units. @throws SubmissionsHeldError if the ledger cannot be read */
export async function readSpentToday(assets: Assets): Promise<number> {
  return await readSpent(Date.now(), {
    read: async (key) =>
      hasDocument(key, assets) ? { value: await readPresent(key, assets), etag: '', ageMs: 0 } : undefined,
  });
}

function hasDocument(key: string, { store, assetBucket }: Assets): boolean {
  return store.list(assetBucket, { prefix: key }).objects.some((object) => object.key === key);
}

async function readPresent(key: string, { store, assetBucket }: Assets): Promise<unknown> {
  return parseJson((await buffer(store.get(assetBucket, key).body)).toString());
}
