import { parseJson } from '../../functions/platform/json.ts';
import { readSpent } from '../../functions/spending/day-ledger.ts';
import type { LocalMeshdrop } from './local-meshdrop.ts';

export type Assets = Pick<LocalMeshdrop, 'store' | 'assetBucket'>;

/** Reads a JSON document of the asset bucket. Undefined if there is none, or if it is not JSON. */
export function readDocument(key: string, { store, assetBucket }: Assets): unknown {
  if (!store.has(assetBucket, key)) return undefined;
  return parseJson(store.readNow(store.head(assetBucket, key)).toString());
}

/** Returns what today has cost so far, in compute units. @throws SubmissionsHeldError if the ledger cannot be read */
export async function readSpentToday(assets: Assets): Promise<number> {
  return await readSpent(Date.now(), {
    read: async (key) =>
      assets.store.has(assets.assetBucket, key) ? { value: readDocument(key, assets), etag: '', ageMs: 0 } : undefined,
  });
}
