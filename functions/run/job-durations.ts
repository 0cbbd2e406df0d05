import * as z from 'zod';
import type { Model } from '../models/model.ts';
import { checkStrictly, readTolerantly, schemaVersion1 } from '../platform/documents.ts';
import { AwsUnavailableError, orNothing } from '../platform/errors.ts';
import type { JsonStore } from '../platform/json-store.ts';

/** How long the latest jobs of each model took at Scenario. */
const durationsSchema = z.strictObject({
  schemaVersion: schemaVersion1,
  seconds: z.record(z.string(), z.array(z.number().int().positive())).describe('by model ID, the latest last'),
});

const DURATIONS_KEY = 'control/durations.json';
const MOST_JOBS = 50;
const LONGEST_SECONDS = 3_600;
/** What is learned only saves checks. Without it, everything works. */
const PASSING = [AwsUnavailableError];

/** The durations of a model's latest jobs, in seconds. Until there are enough, the typical ones make up the number. */
export async function durationsOf({ id, typicalSeconds }: Model, documents: JsonStore): Promise<readonly number[]> {
  const kept = await orNothing(PASSING, () => documents.read(DURATIONS_KEY));
  const seen = readTolerantly(durationsSchema, kept?.value)?.seconds[id] ?? [];
  const missing = Math.max(0, typicalSeconds.length - seen.length);
  const every = typicalSeconds.length / Math.max(1, missing);
  return [...seen, ...Array.from({ length: missing }, (_, n) => typicalSeconds[Math.floor((n + 0.5) * every)] ?? 1)];
}

/** When a job began and ended, by Scenario's own clock. */
interface Ended {
  readonly createdAt: string | undefined;
  readonly finishedAt: string | undefined;
}

/**
 * Adds the duration of a job. Only the true end counts: to learn from when it was noticed would make each check later
 * than the last. If another job is added at the same time, one of them is left out.
 */
export async function rememberDuration(modelId: string, job: Ended, documents: JsonStore): Promise<void> {
  const seconds = Math.round((Date.parse(job.finishedAt ?? '') - Date.parse(job.createdAt ?? '')) / 1000);
  if (!(seconds > 0)) return;
  await orNothing(PASSING, async () => {
    const kept = await documents.read(DURATIONS_KEY);
    const standing = readTolerantly(durationsSchema, kept?.value) ?? { schemaVersion: '1.0', seconds: {} };
    const latest = [...(standing.seconds[modelId] ?? []), Math.min(seconds, LONGEST_SECONDS)].slice(-MOST_JOBS);
    const document = { ...standing, seconds: { ...standing.seconds, [modelId]: latest } };
    await documents.write(DURATIONS_KEY, checkStrictly(durationsSchema, document, kept?.value), kept?.etag);
  });
}
