import { describe, expect, it } from 'vitest';
import type { Job, JobRow } from '../../../functions/scenario/schemas.ts';
import { tripo31 } from '../../../functions/models/tripo-3-1.ts';
import type { Refusal } from '../../../functions/run/record.ts';
import { settleSends } from '../../../functions/submit-job/settle-sends.ts';
import { claimedRecord } from '../records.ts';
import { collectTelemetry } from '../telemetry-collector.ts';
import { START, virtualTime } from '../virtual-time.ts';
import { ScenarioBusyError, ScenarioNotFoundError } from '../../../functions/scenario/errors.ts';
import { TryLaterError } from '../../../functions/submit-job/errors.ts';

const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
const send = (assetId: string, seconds = 0) => ({ assetId, sentAt: at(seconds), sentBy: 'n' });

function job(jobId: string, image: string | undefined, createdSeconds = 1): Job {
  const input = image === undefined ? undefined : { values: { image }, text: JSON.stringify({ image }) };
  const none = {
    cu: undefined,
    finishedAt: undefined,
    refusedIds: [],
    error: undefined,
    hint: undefined,
    mayBeDone: false,
  };
  return { jobId, status: 'running', progress: 0, assetIds: [], input, createdAt: at(createdSeconds), ...none };
}

interface Case {
  /** @default 'sending' */
  readonly phase?: 'claimed' | 'sending';
  /** The record's age at the first look. */
  readonly ageSeconds?: number;
  readonly remainingSeconds?: number;
  readonly sends?: readonly (ReturnType<typeof send> & { readonly refusal?: Refusal })[];
  /** What the list holds, by the time since the first look in seconds. */
  readonly rows?: (seconds: number) => readonly JobRow[];
  readonly pages?: readonly (readonly JobRow[])[];
  /** The list is refused with this. */
  readonly busy?: ScenarioBusyError;
  /** What single jobs say. */
  readonly jobs?: readonly Job[];
  /** What assets were made from. */
  readonly origins?: Readonly<Record<string, readonly string[]>>;
}

async function settle({
  phase = 'sending',
  ageSeconds = 0,
  remainingSeconds = 300,
  sends = [send('asset_1')],
  rows = () => [],
  busy,
  pages,
  jobs = [],
  origins = {},
}: Case) {
  const begin = START + ageSeconds * 1_000;
  const time = virtualTime(begin);
  const { telemetry, counts } = collectTelemetry();
  let looks = 0;
  let pagesRead = 0;
  const scenario = {
    async *jobPages() {
      looks += 1;
      if (busy) throw busy;
      for (const page of pages ?? [rows((time.now() - begin) / 1_000)]) {
        pagesRead += 1;
        yield page;
      }
    },
    job: async (jobId: string) => {
      const found = jobs.find((one) => one.jobId === jobId);
      if (!found) throw new ScenarioNotFoundError(jobId);
      return found;
    },
    originsOf: async (ids: readonly string[]) =>
      new Map(ids.flatMap((id) => (origins[id] ? [[id, origins[id]] as const] : []))),
  };
  const remainingMs = () => begin + remainingSeconds * 1_000 - time.now();
  const tools = { scenario, model: tripo31, clock: time, remainingMs, telemetry };
  const record = { ...claimedRecord(), phase, sends: [...sends] };
  const unsettled = { record, etag: 'e', ageMs: ageSeconds * 1_000 };
  const outcome = await settleSends(unsettled, tools).catch((error: unknown) => error);
  return { outcome, looks, pagesRead, slept: time.slept, counts };
}

const refusal = (own: boolean): Refusal => ({ at: at(0), status: 429, own, kind: 'busy', reason: 'full' });

it.each([
  [undefined, 60],
  [5, 60],
  [300, 300],
])(
  'a look leaves its place to others while requests are short (Retry-After: %s)',
  async (retryAfterSeconds, inSeconds) => {
    const busy = new ScenarioBusyError('Too Many Requests', { retryAfterSeconds });

    const { outcome, slept } = await settle({ ageSeconds: 480, busy });

    expect(outcome).toMatchObject({ name: 'TryLaterError', inSeconds });
    expect(slept).toEqual([]);
  },
);

describe('a job that is in the list', () => {
  it('is adopted at the first look, with the time of its send', async () => {
    const rows = () => [job('job_2', 'asset_other'), job('job_1', 'asset_1')];

    const { outcome, looks } = await settle({ rows });

    expect(outcome).toMatchObject({ jobId: 'job_1', sentAt: at(0) });
    expect(looks).toBe(1);
  });

  it('is adopted by any of the sends', async () => {
    const sends = [send('asset_1', 0), send('asset_2', 600)];

    const { outcome } = await settle({ ageSeconds: 600, sends, rows: () => [job('job_1', 'asset_1')] });

    expect(outcome).toMatchObject({ jobId: 'job_1', sentAt: at(0) });
  });

  it('is adopted when it shows up late', async () => {
    const rows = (seconds: number) => (seconds < 15 ? [] : [job('job_1', 'asset_1')]);

    const { outcome, slept } = await settle({ ageSeconds: 480, rows });

    expect(outcome).toMatchObject({ jobId: 'job_1' });
    expect(slept).toEqual([15_000]);
  });

  it('is the oldest when there are two, and an alarm rings', async () => {
    const rows = () => [job('job_2', 'asset_1', 30), job('job_1', 'asset_1', 1), job('job_3', 'asset_1', 40)];

    const { outcome, counts } = await settle({ rows });

    expect(outcome).toMatchObject({ jobId: 'job_1' });
    expect(counts).toEqual([['DuplicateJob', 1]]);
  });

  it('is asked for by itself when its row does not say what it came from', async () => {
    const { outcome } = await settle({
      rows: () => [job('job_2', undefined), job('job_1', undefined)],
      jobs: [job('job_2', 'asset_2'), job('job_1', 'asset_1')],
    });

    expect(outcome).toMatchObject({ jobId: 'job_1' });
  });

  it('is adopted though its send was refused, and though the proof of its absence was written', async () => {
    const sends = [{ ...send('asset_1'), refusal: refusal(true), noJob: true as const }, send('asset_2', 600)];

    const { outcome } = await settle({ phase: 'claimed', sends, rows: () => [job('job_1', 'asset_1')] });

    expect(outcome).toMatchObject({ jobId: 'job_1' });
  });

  it('is counted once when it is on two pages', async () => {
    const { outcome, counts } = await settle({ pages: [[job('job_1', 'asset_1')], [job('job_1', 'asset_1')]] });

    expect(outcome).toMatchObject({ jobId: 'job_1' });
    expect(counts).toEqual([]);
  });

  it("is found by the copy of our asset that Scenario's echo names", async () => {
    const { outcome } = await settle({
      rows: () => [job('job_1', 'asset_copy')],
      origins: { asset_copy: ['asset_1'] },
    });

    expect(outcome).toMatchObject({ jobId: 'job_1' });
  });
});

describe('the pages of the list', () => {
  const old = -24 * 3_600;
  const page = (...created: number[]) => created.map((seconds) => job(`job_${seconds}`, 'asset_other', seconds));

  it('are read until one is wholly older than the first send, by more than clocks differ', async () => {
    const pages = [page(9, 8), page(7, old), page(old - 1, old - 2), page(old - 3)];

    expect(await settle({ ageSeconds: 600, pages, origins: { asset_other: [] } })).toMatchObject({ pagesRead: 6 });
  });

  it('are read to the end if the list is not newest first: an old job may be pinned on top', async () => {
    const pages = [page(old - 9, old), page(old - 5), [job('job_1', 'asset_1', 1)]];

    expect((await settle({ pages })).outcome).toMatchObject({ jobId: 'job_1' });
  });
});

describe('a job that is not in the list', () => {
  it.each([
    [0, 60],
    [200, 200],
    [400, 80],
  ])(
    'leaves everything open before eight minutes (age %f s), and the run comes back for another look',
    async (ageSeconds, inSeconds) => {
      const { outcome, looks } = await settle({ ageSeconds });

      expect(outcome).toMatchObject({ name: 'TryLaterError' });
      expect(looks).toBe(1);
      expect((outcome as TryLaterError).inSeconds).toBe(inSeconds);
    },
  );

  it.each([480, 100_000])('is proved absent by two looks after eight minutes (age %f s)', async (ageSeconds) => {
    const { outcome, looks, slept } = await settle({ ageSeconds, rows: () => [job('job_2', 'asset_2', -9_000)] });

    expect(outcome).toBeUndefined();
    expect(looks).toBe(2);
    expect(slept).toEqual([15_000]);
  });

  it('is proved absent only by four looks if the list was empty in one of them', async () => {
    const { outcome, looks } = await settle({ ageSeconds: 480 });
    const once = await settle({
      ageSeconds: 480,
      rows: (seconds) => (seconds < 15 ? [job('job_2', 'asset_2', -9_000)] : []),
    });

    expect(outcome).toBeUndefined();
    expect(looks).toBe(4);
    expect(once.looks).toBe(4);
  });

  it('is adopted if the list was only empty for a moment', async () => {
    const rows = (seconds: number) => (seconds < 45 ? [] : [job('job_1', 'asset_1')]);

    expect((await settle({ ageSeconds: 480, rows })).outcome).toMatchObject({ jobId: 'job_1' });
  });

  it.each([
    ['itself', true, 60],
    ['a gateway, which may still repeat it', false, 150],
  ])('is proved absent sooner after a refusal by %s', async (_, own, seconds) => {
    const sends = [{ ...send('asset_1'), refusal: refusal(own) }];
    const refused = (ageSeconds: number) => settle({ phase: 'claimed', sends, ageSeconds });

    expect((await refused(seconds - 1)).outcome).toBeInstanceOf(TryLaterError);
    expect((await refused(seconds)).outcome).toBeUndefined();
  });

  it('is never proved absent by one look', async () => {
    const rows = (seconds: number) => (seconds < 15 ? [] : [job('job_1', undefined)]);

    expect((await settle({ ageSeconds: 100_000, rows })).outcome).toBeInstanceOf(TryLaterError);
    expect((await settle({ ageSeconds: 100_000, remainingSeconds: 59 })).looks).toBe(0);
  });

  it('is not proved absent while the list holds a row that cannot be read and may be ours', async () => {
    const withRow = async (row: string) => (await settle({ ageSeconds: 100_000, rows: () => [row] })).outcome;

    expect(await withRow('{"jobId":42}')).toBeInstanceOf(TryLaterError);
    expect(await withRow('{"jobId":42,"image":"asset_1","modelId":"model_x"}')).toBeInstanceOf(TryLaterError);
    expect(await withRow('{"jobId":42,"modelId":"model_of-another"}')).toBeUndefined();
    expect(await withRow('null')).toBeUndefined();
  });

  it('is not proved absent while a job names an unknown asset', async () => {
    const rows = () => [job('job_1', 'asset_gone', 100_000)];

    expect((await settle({ ageSeconds: 100_000, sends: [send('asset_1', 100_000)], rows })).outcome).toBeInstanceOf(
      TryLaterError,
    );
  });
});

describe('a job that does not say what it was made from', () => {
  it('even when asked by itself, keeps everybody from sending again, however long ago it was', async () => {
    const silent = job('job_1', undefined);

    const { outcome } = await settle({ ageSeconds: 1_000, rows: () => [silent], jobs: [silent] });

    expect(outcome).toMatchObject({ name: 'TryLaterError', inSeconds: 300 });
  });

  it('because its model takes no image is somebody else’s', async () => {
    const input = {
      modelId: 'model_text-to-image',
      values: { prompt: 'a chair' },
      text: '{"prompt":"a chair"}',
    };
    const text: Job = { ...job('job_1', undefined), input };

    const { outcome } = await settle({ ageSeconds: 3_600, rows: () => [text] });

    expect(outcome).toBeUndefined();
  });

  it.each([
    ['{"modelId":"model_tripo-v3-1-image-to-3d","image":["asset_1"]}', 'job_1'],
    ['{"inputs":{"image":{"assetId":"asset_1"}}}', 'job_1'],
  ])('is found by the id of its input asset, whatever the form of the echo: %s', async (text, jobId) => {
    const { outcome } = await settle({
      rows: () => [{ ...job(jobId, undefined), input: { values: {}, text } }],
    });

    expect(outcome).toMatchObject({ jobId });
  });

  it('and may be of our model, keeps everybody from sending again', async () => {
    const odd: Job = {
      ...job('job_1', undefined),
      input: { values: { image: { ref: 7 } }, text: '{"image":{"ref":7}}' },
    };

    const { outcome } = await settle({ ageSeconds: 3_600, rows: () => [odd] });

    expect(outcome).toBeInstanceOf(TryLaterError);
  });

  it('because it is listed and not to be read yet, keeps everybody from sending again', async () => {
    const { outcome } = await settle({ ageSeconds: 3_600, rows: () => [job('job_1', undefined)], jobs: [] });

    expect(outcome).toBeInstanceOf(TryLaterError);
  });
});

it('rows of a later day that say nothing of their input are not asked for one by one', async () => {
  const day = 24 * 3600;

  const { outcome } = await settle({ ageSeconds: day, rows: () => [job('job_1', undefined, day)] });

  expect(outcome).toBeUndefined();
});
