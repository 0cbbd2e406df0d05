import { createHash } from 'node:crypto';
import { withoutDetails } from '../contract/asset.ts';
import { type DetailType, eventSchemas, type MeshdropEvent, schemaVersion } from '../contract/schemas.ts';
import { checkStrictly } from '../platform/documents.ts';
import type { FinalPhase } from './lifecycle.ts';
import { toManifest } from './manifest.ts';
import type { FinalRecord } from './record.ts';

/** The event of each end. */
export const DETAIL_TYPES = {
  stored: 'Model Stored',
  failed: 'Model Failed',
  rejected: 'Upload Rejected',
} as const satisfies Record<FinalPhase, DetailType>;

/** EventBridge accepts 1 MB. It accepted 256 KB for years, and its targets may still have that limit. */
const MAX_EVENT_BYTES = 200_000;

/** Makes the event of a run that has ended. It holds references only, and is always the same for the same record. */
export function toEvent(record: FinalRecord, manifest: { bucket: string; key: string }): MeshdropEvent {
  const detailType = DETAIL_TYPES[record.phase];
  const { upload, model, job, failure, reusedFrom, assets } = toManifest(record);
  const metadata = {
    schemaVersion,
    eventId: createHash('sha256').update(`${record.runId}\n${detailType}`).digest('hex'),
    occurredAt: record.finishedAt,
    runId: record.runId,
  };
  const detailWith = (files: object) => {
    const data = { upload, model, job, failure, reusedFrom, manifest, ...files };
    const detail = { metadata, data } as MeshdropEvent['detail'];
    return checkStrictly<MeshdropEvent['detail']>(eventSchemas[detailType], detail, record);
  };
  const whole = detailWith(record.phase === 'stored' ? { assets: assets.map(withoutDetails) } : {});
  const isTooLarge = Buffer.byteLength(JSON.stringify(whole)) > MAX_EVENT_BYTES;
  const detail = isTooLarge ? detailWith({ assets: [], assetCount: assets.length }) : whole;
  return { detailType, detail } as MeshdropEvent;
}
