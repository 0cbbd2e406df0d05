import { describe, expect, it } from 'vitest';
import { tripo31 } from '../../../functions/models/tripo-3-1.ts';
import { AwsUnavailableError } from '../../../functions/platform/errors.ts';
import type { JsonStore } from '../../../functions/platform/json-store.ts';
import { durationsOf, rememberDuration } from '../../../functions/run/job-durations.ts';

/** The one document, as S3 would keep it. */
function createStore(value?: unknown) {
  const kept = { value, etag: 0 };
  const documents: JsonStore = {
    exists: async () => kept.value !== undefined,
    read: async () => (kept.value === undefined ? undefined : { value: kept.value, etag: String(kept.etag), ageMs: 0 }),
    write: async (_, value, replacing) => {
      if (kept.value !== undefined && replacing !== String(kept.etag)) return undefined;
      kept.value = value;
      kept.etag += 1;
      return String(kept.etag);
    },
  };
  return { kept, documents };
}

const jobOf = (seconds: number) => {
  const createdAt = Date.parse('2026-03-01T12:00:00.000Z');
  return {
    createdAt: new Date(createdAt).toISOString(),
    finishedAt: new Date(createdAt + seconds * 1000).toISOString(),
  };
};

describe('the durations of jobs', () => {
  it('are the typical ones of the model, until jobs were seen', async () => {
    expect(await durationsOf(tripo31, createStore().documents)).toEqual(tripo31.typicalSeconds);
  });

  it('are those of the last fifty jobs of the same model', async () => {
    const { documents } = createStore();
    for (let n = 1; n <= 60; n += 1) await rememberDuration(tripo31.id, jobOf(n), documents);
    await rememberDuration('model_other', jobOf(999), documents);

    expect(await durationsOf(tripo31, documents)).toEqual(Array.from({ length: 50 }, (_, n) => n + 11));
  });

  it('mix with the typical ones while there are few', async () => {
    const { documents } = createStore();
    for (let n = 0; n < 10; n += 1) await rememberDuration(tripo31.id, jobOf(7), documents);

    const durations = await durationsOf(tripo31, documents);
    expect(durations).toHaveLength(20);
    expect(durations.filter((seconds) => seconds === 7)).toHaveLength(10);
    expect(Math.min(...durations.slice(10))).toBeLessThan(50);
    expect(Math.max(...durations)).toBeGreaterThan(300);
  });

  it('are true ones by one clock: a job without both times, or that ended before it began, teaches nothing', async () => {
    const { kept, documents } = createStore();
    await rememberDuration(tripo31.id, { createdAt: undefined, finishedAt: jobOf(9).finishedAt }, documents);
    await rememberDuration(tripo31.id, { createdAt: jobOf(9).createdAt, finishedAt: undefined }, documents);
    await rememberDuration(tripo31.id, jobOf(-300), documents);

    expect(kept.value).toBeUndefined();
  });

  it('are never longer than an hour', async () => {
    const { documents } = createStore();
    await rememberDuration(tripo31.id, jobOf(90_000), documents);

    expect((await durationsOf(tripo31, documents))[0]).toBe(3_600);
  });

  it('keep the fields that a newer version wrote, and an unreadable document counts as none', async () => {
    const newer = createStore({ schemaVersion: '1.3', seconds: {}, later: 'field' });
    await rememberDuration(tripo31.id, jobOf(9), newer.documents);
    const broken = createStore('not a document');

    expect(newer.kept.value).toMatchObject({ later: 'field', seconds: { [tripo31.id]: [9] } });
    expect(await durationsOf(tripo31, broken.documents)).toEqual(tripo31.typicalSeconds);
  });

  it('never stop a run: while S3 refuses the document, the typical ones are used', async () => {
    const refuse = () => Promise.reject(new AwsUnavailableError('S3 is busy'));
    const documents = { exists: refuse, read: refuse, write: refuse };

    expect(await durationsOf(tripo31, documents)).toEqual(tripo31.typicalSeconds);
    await expect(rememberDuration(tripo31.id, jobOf(9), documents)).resolves.toBeUndefined();
  });
});
