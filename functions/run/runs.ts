import type { Model } from '../models/model.ts';
import { normalizeAwsErrors, normalizeS3Errors } from '../platform/aws-errors.ts';
import type { Clients } from '../platform/clients.ts';
import type { Clock } from '../platform/clock.ts';
import type { Env } from '../platform/env.ts';
import { createJsonStore } from '../platform/json-store.ts';
import type { Telemetry } from '../platform/observability.ts';
import { createAnnounce } from './announce.ts';
import { createRecordStore } from './record.ts';

/** Optional parts of a function's composition. */
export interface Surroundings {
  /** @default the logs and metrics of Lambda */
  readonly telemetry?: Telemetry;
  /** @default the models of the registry */
  readonly models?: readonly Model[];
}

export const RUNS_ENV = ['ASSET_BUCKET', 'EVENT_BUS_NAME'] as const;

/** Everything that a function needs to read runs and to end them. */
export type Runs = ReturnType<typeof createRuns>;

export function createRuns(
  env: Env<(typeof RUNS_ENV)[number]>,
  { s3, events }: Clients<'s3' | 'events'>,
  clock: Clock,
  telemetry: Telemetry,
) {
  const documents = createJsonStore(normalizeS3Errors(s3), env.ASSET_BUCKET);
  return {
    records: createRecordStore(documents),
    /** The other documents of the asset bucket. */
    documents,
    assetBucket: env.ASSET_BUCKET,
    announce: createAnnounce(normalizeAwsErrors(events), env.EVENT_BUS_NAME, clock),
    clock,
    telemetry,
  };
}
