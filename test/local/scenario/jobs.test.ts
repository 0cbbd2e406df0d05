import { describe, expect, it } from 'vitest';
import { type JobBody, jobIn, virtualStandIn } from './virtual-stand-in.ts';

async function withJob(options: Parameters<typeof virtualStandIn>[0] = {}) {
  const standIn = await virtualStandIn({ jobSeconds: 100, ...options });
  const image = await standIn.image();
  const { jobId } = jobIn(await standIn.submit({ image }));
  return { standIn, jobId, image };
}

describe('a job', () => {
  it('changes its status by the clock only, and its progress never decreases', async () => {
    const { standIn, jobId } = await withJob();
    const seen: JobBody[] = [];

    for (let second = 0; second <= 100; second += 2) {
      seen.push(await standIn.job(jobId));
      standIn.pass(2);
    }

    expect([...new Set(seen.map((job) => job.status))]).toEqual([
      'queued',
      'warming-up',
      'in-progress',
      'finalizing',
      'success',
    ]);
    const progress = seen.map((job) => job.progress);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
    expect(seen.at(-2)?.metadata.assetIds).toEqual([]);
    expect(seen.at(-1)?.metadata.assetIds).toHaveLength(1);
    expect(seen.at(-1)?.statusHistory.map((step) => step.status)).toEqual([
      'queued',
      'warming-up',
      'in-progress',
      'finalizing',
      'success',
    ]);
  });

  it('has a scripted duration, or a log-normal one with the given median', async () => {
    const scripted = await withJob({ jobSecondsByJob: [3] });
    scripted.standIn.pass(3);
    expect((await scripted.standIn.job(scripted.jobId)).status).toBe('success');

    const standIn = await virtualStandIn({
      jobSeconds: 120,
      jobSecondsP95: 420,
      concurrencyCeiling: 1000,
      requestsPerWindow: 5000,
    });
    const image = await standIn.image();
    for (let i = 0; i < 300; i++) await standIn.submit({ image });
    const lasted = standIn
      .ledger()
      .jobs.map((job) => (Date.parse(job.endsAt) - Date.parse(job.startedAt)) / 1000)
      .toSorted((a, b) => a - b);
    expect(lasted[150]).toBeGreaterThan(100);
    expect(lasted[150]).toBeLessThan(145);
    expect(lasted[285]).toBeGreaterThan(300);
    expect(lasted[285]).toBeLessThan(560);
  });

  it('cannot be canceled', async () => {
    const { standIn, jobId } = await withJob();

    const answer = await standIn.call('POST', `/v1/jobs/${jobId}/action`, { action: 'cancel' });

    expect(answer.status).toBe(400);
    expect(answer.body['reason']).toBe('Cannot cancel this type of job. Action not permitted.');
  });

  it('can be unknown for a moment after its submission', async () => {
    const { standIn, jobId } = await withJob({ jobVisibleAfterSeconds: 5 });

    const early = await standIn.call('GET', `/v1/jobs/${jobId}`);
    standIn.pass(5);
    const later = await standIn.call('GET', `/v1/jobs/${jobId}`);

    expect([early.status, later.status]).toEqual([404, 200]);
  });

  it('shows times of a clock that is ahead if the option is set', async () => {
    const { standIn, jobId } = await withJob({ clockSkewSeconds: 90 });

    const { createdAt } = await standIn.job(jobId);

    expect(Date.parse(createdAt)).toBe(standIn.nowMs() + 90_000);
  });
});

describe('the list', () => {
  async function withJobs(count: number, options: Parameters<typeof virtualStandIn>[0] = {}) {
    const standIn = await virtualStandIn({ concurrencyCeiling: 1000, ...options });
    const image = await standIn.image();
    const ids: string[] = [];
    for (let i = 0; i < count; i++) ids.push(jobIn(await standIn.submit({ image })).jobId);
    const page = async (query: string) =>
      (await standIn.call('GET', `/v1/jobs${query}`)).body as {
        jobs: JobBody[];
        nextPaginationToken?: string;
      };
    return { standIn, ids, page };
  }

  it('is newest first, and its token stays valid while new jobs arrive', async () => {
    const { standIn, ids, page } = await withJobs(13);

    const first = await page('');
    await standIn.submit({ image: await standIn.image() });
    const second = await page(`?paginationToken=${encodeURIComponent(first.nextPaginationToken ?? '')}`);

    expect(first.jobs).toHaveLength(10);
    expect([...first.jobs, ...second.jobs].map((job) => job.jobId)).toEqual(ids.toReversed());
    expect(second).not.toHaveProperty('nextPaginationToken');
  });

  it('filters by type and status', async () => {
    const { standIn, page } = await withJobs(2, { jobSecondsByJob: [1, 50] });
    await standIn.call('POST', '/v1/uploads', {
      fileName: 'a.png',
      contentType: 'image/png',
      fileSize: 5,
      kind: 'image',
      parts: 1,
    });
    standIn.pass(2);

    expect((await page('')).jobs).toHaveLength(3);
    expect((await page('?types=custom')).jobs).toHaveLength(2);
    expect((await page('?types=custom,upload')).jobs).toHaveLength(3);
    expect((await page('?type=upload')).jobs).toHaveLength(1);
    expect((await page('?status=success')).jobs).toHaveLength(1);
  });

  it('lags and omits the inputs if the options are set', async () => {
    const { standIn, page } = await withJobs(1, { listLagSeconds: 30, rowsWithoutInput: true });

    const early = await page('');
    standIn.pass(30);
    const later = await page('');

    expect(early.jobs).toEqual([]);
    expect(later.jobs[0]?.metadata).not.toHaveProperty('input');
  });

  it.each(['?pageSize=201', '?pageSize=0', '?pageSize=x', '?sortDirection=asc', '?paginationToken=x'])(
    'refuses %s',
    async (query) => {
      const standIn = await virtualStandIn();

      expect((await standIn.call('GET', `/v1/jobs${query}`)).status).toBe(400);
    },
  );
});
