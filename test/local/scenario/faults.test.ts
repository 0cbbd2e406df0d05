import { describe, expect, it } from 'vitest';
import type { StandInOptionsInput } from '../../../local/scenario/moods/options.ts';
import { jobIn, virtualStandIn } from './virtual-stand-in.ts';

type FaultInput = NonNullable<StandInOptionsInput['faults']>[number];

async function withFaults(...faults: FaultInput[]) {
  const standIn = await virtualStandIn({ faults, jobSeconds: 100 });
  return { standIn, image: await standIn.image() };
}

describe('faults that replace a submission', () => {
  it.each(
    (
      [
        [{ on: 'generate', what: 'ceiling', actionLimit: 3 }, 429, { details: { actionLimit: 3 } }, undefined],
        [{ on: 'generate', what: 'cooldown' }, 429, { remainingSeconds: 612 }, undefined],
        [
          { on: 'generate', what: 'cooldown', remainingIn: 'details', retryAfterSeconds: 7 },
          429,
          { details: { remainingSeconds: 612 } },
          '7',
        ],
        [
          { on: 'generate', what: 'too-many-requests', retryAfterSeconds: 2 },
          429,
          { message: 'Too Many Requests' },
          '2',
        ],
        [{ on: 'generate', what: 'server-error', status: 500 }, 500, {}, undefined],
        [{ on: 'generate', what: 'server-error', as: 'html' }, 503, {}, undefined],
        [{ on: 'generate', what: 'unauthorized' }, 401, {}, undefined],
        [{ on: 'generate', what: 'out-of-credits' }, 402, {}, undefined],
        [{ on: 'generate', what: 'plan-too-small' }, 403, { name: 'ModelAccessRestrictedError' }, undefined],
        [{ on: 'generate', what: 'bad-request', reason: 'no' }, 400, { reason: 'no' }, undefined],
        [{ on: 'generate', what: 'unprocessable' }, 422, {}, undefined],
        [{ on: 'generate', what: 'too-large' }, 413, {}, undefined],
        [{ on: 'generate', what: 'not-found' }, 404, {}, undefined],
        [{ on: 'generate', what: 'answer', status: 418, body: 'tea' }, 418, {}, undefined],
      ] satisfies [FaultInput, number, object, string | undefined][]
    ).map(([fault, status, body, retryAfter]) => ({ fault, status, body, retryAfter })),
  )('$fault.what returns $status and charges nothing', async ({ fault, status, body, retryAfter }) => {
    const { standIn, image } = await withFaults(fault);

    const spoilt = await standIn.submit({ image });
    const charged = standIn.ledger().cuCharged;
    const next = await standIn.submit({ image });

    expect(spoilt.status).toBe(status);
    expect(spoilt.body).toMatchObject(body);
    expect(spoilt.headers['retry-after']).toBe(retryAfter);
    expect(charged).toBe(0);
    expect(next.status).toBe(200);
  });

  it('cuts the connection or hangs before anything happens', async () => {
    const { standIn, image } = await withFaults(
      { on: 'generate', what: 'cut-before' },
      { on: 'generate', what: 'hang-before', seconds: 9 },
    );
    const post = () => standIn.raw('POST', '/v1/generate/custom/model_tripo-v3-1-image-to-3d', { image });

    expect(await post()).toEqual({ cut: 'before' });
    expect(await post()).toEqual({ hangSeconds: 9, next: { cut: 'before' } });
    expect(standIn.ledger().jobs).toEqual([]);
  });
});

describe('faults after a submission', () => {
  it.each(
    (
      [
        [{ on: 'generate', what: 'lost-cut' }, { cut: 'before' }],
        [
          { on: 'generate', what: 'lost-hang' },
          { hangSeconds: 60, next: { cut: 'before' } },
        ],
        [
          { on: 'generate', what: 'lost-502' },
          { status: 502, headers: { 'content-type': 'text/html' } },
        ],
        [{ on: 'generate', what: 'lost-504' }, { status: 504 }],
        [
          { on: 'generate', what: 'slow', seconds: 3 },
          { hangSeconds: 3, next: { status: 200 } },
        ],
        [
          { on: 'generate', what: 'garbage' },
          { status: 200, headers: { 'content-type': 'text/html' } },
        ],
        [{ on: 'generate', what: 'no-job-id' }, { status: 200 }],
        [
          { on: 'generate', what: 'truncated', atByte: 3 },
          { status: 200, cutAtByte: 3 },
        ],
      ] satisfies [FaultInput, object][]
    ).map(([fault, answer]) => ({ fault, answer })),
  )('$fault.what loses the answer, but the job runs and is charged', async ({ fault, answer }) => {
    const { standIn, image } = await withFaults(fault);

    const spoilt = await standIn.raw('POST', '/v1/generate/custom/model_tripo-v3-1-image-to-3d', { image });

    expect(spoilt).toMatchObject(answer);
    expect(standIn.ledger()).toMatchObject({ cuCharged: 37.5, jobs: [{ image }] });
    const { body } = await standIn.call('GET', '/v1/jobs?types=custom');
    expect(body['jobs']).toMatchObject([{ metadata: { input: { image } } }]);
  });

  it('is not used up by a refused submission', async () => {
    const { standIn, image } = await withFaults({ on: 'generate', what: 'lost-502' });

    const refused = await standIn.submit({});
    const lost = await standIn.submit({ image });

    expect([refused.status, lost.status]).toEqual([400, 502]);
  });
});

describe('faults of a job', () => {
  async function jobWith(fault: FaultInput) {
    const { standIn, image } = await withFaults(fault);
    const { jobId } = jobIn(await standIn.submit({ image }));
    return { standIn, jobId, image };
  }

  it('fails with the message of the provider and is refunded, and the next run succeeds', async () => {
    const { standIn, jobId, image } = await jobWith({ on: 'generate', what: 'fails' });
    const next = jobIn(await standIn.submit({ image }));
    standIn.pass(100);

    const job = await standIn.job(jobId);

    expect(job.status).toBe('failure');
    expect(job.metadata).toMatchObject({
      assetIds: [],
      error: 'Internal error from the provider',
      hint: 'Try again, or use another input image.',
    });
    expect((await standIn.job(next.jobId)).status).toBe('success');
    expect(standIn.ledger()).toMatchObject({ cuCharged: 75, cuRefunded: 37.5 });
  });

  it('fails with some of its assets and without a refund', async () => {
    const { standIn, jobId } = await jobWith({ on: 'generate', what: 'fails', partial: true, refund: false });
    standIn.pass(100);

    const job = await standIn.job(jobId);

    expect(job.status).toBe('failure');
    expect(job.metadata.assetIds).toHaveLength(1);
    expect((await standIn.asset(job.metadata.assetIds[0] ?? '')).kind).toBe('image');
    expect(standIn.ledger().cuRefunded).toBe(0);
  });

  it('is canceled, has an unknown status, makes no progress, or has progress above 1', async () => {
    const after = async (fault: FaultInput, seconds: number) => {
      const { standIn, jobId } = await jobWith(fault);
      standIn.pass(seconds);
      return standIn.job(jobId);
    };

    expect((await after({ on: 'generate', what: 'canceled' }, 100)).status).toBe('canceled');
    expect((await after({ on: 'generate', what: 'unknown-status' }, 50)).status).toBe('post-processing');
    expect((await after({ on: 'generate', what: 'unknown-status' }, 100)).status).toBe('success');
    expect((await after({ on: 'generate', what: 'progress-over-one' }, 50)).progress).toBe(1.02);
    const early = await after({ on: 'generate', what: 'progress-stuck' }, 20);
    const late = await after({ on: 'generate', what: 'progress-stuck' }, 80);
    expect([early.progress, late.progress]).toEqual([0.1, 0.1]);
    expect(Date.parse(late.updatedAt)).toBeGreaterThan(Date.parse(early.updatedAt));
  });

  it('succeeds with a pending asset, a broken asset, or no asset', async () => {
    const pending = await jobWith({ on: 'generate', what: 'asset-pending', seconds: 5 });
    pending.standIn.pass(100);
    const id = (await pending.standIn.job(pending.jobId)).metadata.assetIds[0] ?? '';
    const early = await pending.standIn.asset(id);
    const denied = await pending.standIn.call('GET', early.url, undefined, {});
    pending.standIn.pass(5);
    expect([early.status, denied.status]).toEqual(['pending', 403]);
    expect((await pending.standIn.asset(id)).status).toBe('success');

    const broken = await jobWith({ on: 'generate', what: 'asset-error' });
    broken.standIn.pass(100);
    const [brokenId = ''] = (await broken.standIn.job(broken.jobId)).metadata.assetIds;
    expect((await broken.standIn.asset(brokenId)).status).toBe('error');

    const none = await jobWith({ on: 'generate', what: 'no-assets' });
    none.standIn.pass(100);
    expect(await none.standIn.job(none.jobId)).toMatchObject({
      status: 'success',
      metadata: { assetIds: [] },
    });
  });

  it('is lost after payment, or starts twice for one submission', async () => {
    const lost = await jobWith({ on: 'generate', what: 'lost-job' });
    lost.standIn.pass(1000);
    expect((await lost.standIn.call('GET', `/v1/jobs/${lost.jobId}`)).status).toBe(404);
    expect((await lost.standIn.call('GET', '/v1/jobs')).body['jobs']).toEqual([]);
    expect(lost.standIn.ledger().cuCharged).toBe(37.5);

    const twice = await jobWith({ on: 'generate', what: 'two-jobs' });
    expect(twice.standIn.ledger()).toMatchObject({
      cuCharged: 75,
      jobs: [{ image: twice.image }, { image: twice.image }],
    });
  });
});

describe('faults of a download', () => {
  it('expires, redirects, sends a page, and breaks off, in this order', async () => {
    const { standIn, image } = await withFaults(
      { on: 'cdn', what: 'expired' },
      { on: 'cdn', what: 'redirect' },
      { on: 'cdn', what: 'wrong-bytes', after: 1 },
      { on: 'cdn', what: 'truncated' },
      { on: 'cdn', what: 'redirect', to: 'https://elsewhere.example/a.glb' },
    );
    const { jobId } = jobIn(await standIn.submit({ image }));
    standIn.pass(100);
    const { url } = await standIn.asset((await standIn.job(jobId)).metadata.assetIds[0] ?? '');
    const get = (at = url) => standIn.call('GET', at, undefined, {});

    expect((await get()).status).toBe(403);
    const moved = await get();
    expect(moved.status).toBe(302);
    expect(await standIn.raw('GET', moved.headers['location'] ?? '', undefined, {})).toMatchObject({
      status: 200,
      cutAtByte: expect.any(Number) as number,
    });
    expect((await get()).bytes.toString()).toContain('<!doctype html>');
    expect((await get()).headers['location']).toBe('https://elsewhere.example/a.glb');
    expect((await get()).status).toBe(200);
  });
});

describe('the order of faults', () => {
  it('is that of the list, each fault after its number of successes and for its number of times', async () => {
    const { standIn } = await withFaults(
      { on: 'listJobs', what: 'server-error', status: 500, after: 1, times: 2 },
      { on: 'listJobs', what: 'server-error', status: 504 },
    );
    const statuses: number[] = [];

    for (let i = 0; i < 5; i++) statuses.push((await standIn.call('GET', '/v1/jobs')).status);

    expect(statuses).toEqual([200, 500, 500, 504, 200]);
  });

  it('restarts only when the faults are set', async () => {
    const { standIn } = await withFaults({ on: 'listJobs', what: 'unauthorized' });
    const list = async () => (await standIn.call('GET', '/v1/jobs')).status;
    const first = await list();

    standIn.setOptions({ jobSeconds: 1 });
    const second = await list();
    standIn.setOptions({ faults: [{ on: 'listJobs', what: 'unauthorized' }] });
    const third = await list();

    expect([first, second, third]).toEqual([401, 200, 401]);
  });
});
