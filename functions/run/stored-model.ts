import * as z from 'zod';
import type { Asset } from '../contract/asset.ts';
import { eventSchemas, eventSource, manifestSchema, type MeshdropEvent } from '../contract/schemas.ts';
import { readTolerantly } from '../platform/documents.ts';
import type { JsonStore } from '../platform/json-store.ts';
import { parseJson } from '../platform/json.ts';

const detailSchema = eventSchemas['Model Stored'];
export type ModelStoredDetail = z.infer<typeof detailSchema>;

const envelope = z.object({ detail: z.unknown(), again: z.boolean().default(false) });

/** A message of the queue: the event of a stored run. */
export interface Order {
  readonly stored: ModelStoredDetail;
  /** An operator asks for files that could not be made before. */
  readonly again: boolean;
}

/** @throws Error if the body is anything else */
export function orderIn(body: string): Order {
  const { detail, again } = envelope.parse(parseJson(body));
  const stored = readTolerantly(detailSchema, detail);
  if (!stored) throw new Error('the message is not a "Model Stored" event that this version understands');
  return { stored, again };
}

/** Makes a message of the same event, for files that could not be made before. */
export function orderMessage({ detailType, detail }: MeshdropEvent): string {
  return JSON.stringify({ source: eventSource, 'detail-type': detailType, detail, again: true });
}

/** Lists the files of the run. Those of a large run are only in its manifest. */
export async function assetsOf({ data }: ModelStoredDetail, documents: JsonStore): Promise<readonly Asset[]> {
  if (data.assetCount === undefined) return data.assets;
  const found = await documents.read(data.manifest.key);
  return readTolerantly(manifestSchema, found?.value)?.assets ?? [];
}
