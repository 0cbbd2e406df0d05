import { createHash } from 'node:crypto';
import * as z from 'zod';
import { assetSchema, withoutDetails } from '../contract/asset.ts';
import { failureSchema } from '../contract/failures.ts';
import { jobSchema, manifestOf, modelSchema, schemaVersion } from './manifest.ts';
import { type FinalRecord, reusedFrom } from './record.ts';
import { uploadSchema } from './upload.ts';

export const eventSource = 'meshdrop';

const metadata = z.strictObject({
  schemaVersion: z.literal(schemaVersion),
  eventId: z
    .string()
    .describe('hex SHA-256 of runId, a line feed and the detail-type: stable, drop repeats by it'),
  occurredAt: z.iso.datetime(),
  runId: z.string(),
});

const about = {
  upload: uploadSchema,
  model: modelSchema,
  manifest: z.strictObject({ bucket: z.string(), key: z.string() }),
};

/** The `detail` of each event, by its detail-type. event-reader.ts says the same to consumers. */
export const eventSchemas = {
  'Model Stored': z.strictObject({
    metadata,
    data: z.strictObject({
      ...about,
      job: jobSchema,
      assets: z.array(assetSchema),
      assetCount: z
        .number()
        .int()
        .positive()
        .optional()
        .describe(
          'only where the files are too many for an event: `assets` is empty then, the manifest has them',
        ),
      reusedFrom: reusedFrom.optional(),
    }),
  }),
  'Model Failed': z.strictObject({
    metadata,
    data: z.strictObject({ ...about, job: jobSchema.optional(), failure: failureSchema }),
  }),
  'Upload Rejected': z.strictObject({ metadata, data: z.strictObject({ ...about, failure: failureSchema }) }),
} as const;

export type DetailType = keyof typeof eventSchemas;

export type MeshdropEvent = {
  [Type in DetailType]: { readonly detailType: Type; readonly detail: z.infer<(typeof eventSchemas)[Type]> };
}[DetailType];

const detailTypes = { stored: 'Model Stored', failed: 'Model Failed', rejected: 'Upload Rejected' } as const;

/** EventBridge took 256 KB for years and takes 1 MB now; queues and functions behind it may still hold to the old. */
const MOST_BYTES = 200_000;

/** The event of a run that has ended: references only, the same every time it is made from the same record. */
export function eventOf(record: FinalRecord, manifest: { bucket: string; key: string }): MeshdropEvent {
  const detailType = detailTypes[record.phase];
  const { upload, model, job, failure, reusedFrom, assets } = manifestOf(record);
  const metadata = {
    schemaVersion,
    eventId: createHash('sha256').update(`${record.runId}\n${detailType}`).digest('hex'),
    occurredAt: record.finishedAt,
    runId: record.runId,
  };
  const detailWith = (files: object) => {
    const data = { upload, model, job, failure, reusedFrom, manifest, ...files };
    // Through JSON, as the manifest: what is not known is left out.
    return eventSchemas[detailType].parse(JSON.parse(JSON.stringify({ metadata, data })));
  };
  const whole = detailWith(record.phase === 'stored' ? { assets: assets.map(withoutDetails) } : {});
  const isTooLarge = Buffer.byteLength(JSON.stringify(whole)) > MOST_BYTES;
  const detail = isTooLarge ? detailWith({ assets: [], assetCount: assets.length }) : whole;
  return { detailType, detail } as MeshdropEvent;
}
