import type { Lookup } from '../../../functions/scenario/allowed-hosts.ts';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createScenario, type GenerationRequest, type Scenario } from '../../../functions/scenario/client.ts';
import { tripo31 } from '../../../functions/models/tripo-3-1.ts';
import type { StandInOptionsInput } from '../../../local/scenario/moods/options.ts';
import { startStandIn } from '../../../local/scenario/server.ts';
import { credentialsOf } from '../credentials.ts';
import { png } from '../images.ts';
import { defaultParameters } from '../records.ts';
import { type Got, openServer, type Said } from '../scripted-server.ts';
import { virtualTime } from '../virtual-time.ts';

async function withStandIn(options: StandInOptionsInput = {}) {
  const time = virtualTime();
  const standIn = await startStandIn({
    apiKey: 'key',
    apiSecret: 'secret',
    now: time.now,
    options: { requestsPerWindow: 100_000, resultModel: 'triangle', ...options },
  });
  onTestFinished(() => standIn.close());
  const scenario = createScenario({ url: standIn.url, credentials: credentialsOf('secret'), fetch, clock: time });
  return { standIn, scenario, time };
}

async function withServer(answer: (got: Got, index: number) => Said, lookup?: Lookup) {
  const time = virtualTime();
  const { origin, requests } = await openServer(answer);
  const scenario = createScenario({
    url: `${origin}/v1`,
    credentials: credentialsOf('secret'),
    fetch,
    clock: time,
    ...(lookup && { lookup }),
  });
  return { scenario, requests, origin, time };
}

async function imageOf(bytes: number) {
  const picture = await png();
  const padding = Buffer.alloc(Math.max(0, bytes - picture.length));
  return { bytes: Buffer.concat([picture, padding]), name: 'oak.png', contentType: 'image/png' };
}

/** Requests a generation of this input asset, with the model's default parameters. */
function requestOf(assetId: string): GenerationRequest {
  return { modelId: tripo31.id, assetId, inputs: { ...defaultParameters, image: assetId } };
}

const request = requestOf('asset_in');

async function upload(scenario: Scenario) {
  return await scenario.uploadImage(await imageOf(0));
}

describe('the quote', () => {
  it.each([269, 200, 402] as const)(
    'is read from a dry run with status %i, and no job starts',
    async (dryRunStatus) => {
      const { scenario, standIn } = await withStandIn({ dryRunStatus });

      const cu = await scenario.quote(requestOf(await upload(scenario)));

      expect(cu).toBe(37.5);
      expect(standIn.ledger().jobs).toEqual([]);
    },
  );

  it('asks for the dry run in the query and never in the body', async () => {
    const { scenario, requests } = await withServer(() => ({
      status: 200,
      body: { creativeUnitsCost: 7.25 },
    }));

    expect(await scenario.quote(request)).toBe(7.25);

    expect(requests[0]?.url).toBe('/v1/generate/custom/model_tripo-v3-1-image-to-3d?dryRun=true');
    expect(JSON.parse(requests[0]?.body.toString() ?? '')).toEqual(request.inputs);
  });

  it('fails if the dry run started a job, and names the job and its asset', async () => {
    const { scenario, standIn } = await withStandIn({ dryRunPays: true });
    const image = await upload(scenario);

    const asked = scenario.quote(requestOf(image));

    const error: unknown = await asked.catch((thrown: unknown) => thrown);
    const [job] = standIn.ledger().jobs;
    expect(job).toMatchObject({ image });
    expect(error).toMatchObject({ name: 'DryRunPaidError', paid: { assetId: image, jobId: job?.jobId } });
  });

  it('is an account error if a 402 has no price', async () => {
    const { scenario } = await withServer(() => ({ status: 402, body: { reason: 'pay first' } }));

    await expect(scenario.quote(request)).rejects.toMatchObject({ name: 'ScenarioAccountError' });
  });

  it.each([
    ['without a price', {}],
    ['with a price that is text', { creativeUnitsCost: '75' }],
    ['with a price below 0', { creativeUnitsCost: -1 }],
  ])('is an error if the answer comes %s', async (_, body) => {
    const { scenario } = await withServer(() => ({ status: 200, body }));

    await expect(scenario.quote(request)).rejects.toThrow(/no price/);
  });
});

describe('a generation', () => {
  it('starts one job and returns its ID', async () => {
    const { scenario, standIn } = await withStandIn();

    const jobId = await scenario.generate(requestOf(await upload(scenario)));

    expect(standIn.ledger().jobs).toMatchObject([{ jobId }]);
  });

  it.each([
    ['an empty object', {}],
    ['a job without an ID', { job: {} }],
    ['an empty job ID', { job: { jobId: '' } }],
    ['a job ID that is a path', { job: { jobId: '../x' } }],
    ['an HTML page', '<html>OK'],
  ])('is uncertain if the answer is 200 with %s', async (_, body) => {
    const { scenario, requests } = await withServer(() => ({ status: 200, body }));

    await expect(scenario.generate(request)).rejects.toMatchObject({ name: 'SubmissionUncertainError' });
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['Asset asset_in not found', 'AssetNotVisibleError'],
    ['asset_in', 'AssetNotVisibleError'],
    ['Model model_tripo-v3-1-image-to-3d not found', 'ScenarioAccountError'],
    ['Not found', 'ScenarioAccountError'],
  ])('that gets a 404 with "%s" fails with %s', async (reason, name) => {
    const { scenario } = await withServer(() => ({ status: 404, body: { reason } }));

    await expect(scenario.generate(request)).rejects.toMatchObject({ name });
    await expect(scenario.quote(request)).rejects.toMatchObject({ name });
  });
});

describe('an image', () => {
  it('is held if its host shows that no result could be fetched', async () => {
    const url = 'https://files.elsewhere.example/asset_1.png?Signature=s';
    const { scenario } = await withServer(() => ({ status: 200, body: { asset: { id: 'asset_1', url } } }));

    await expect(scenario.uploadImage(await imageOf(100))).rejects.toMatchObject({
      name: 'ScenarioAccountError',
      message: 'Scenario keeps files on files.elsewhere.example: to allow it, add it to resultHosts',
    });
  });

  it('of less than 6,000,000 bytes is sent in one call', async () => {
    const { scenario, standIn } = await withStandIn();

    await scenario.uploadImage(await imageOf(5_999_999));

    expect(standIn.ledger().requests).toEqual({ createAsset: 1 });
  });

  it('of 6,000,000 bytes is sent in parts', async () => {
    const { scenario, standIn } = await withStandIn();

    const assetId = await scenario.uploadImage(await imageOf(6_000_000));

    expect(assetId).toMatch(/^asset_/);
    expect(standIn.ledger().requests).toMatchObject({ createUpload: 1, putPart: 1, completeUpload: 1 });
  });

  it('arrives complete in three parts in any order, without credentials or checksums', async () => {
    const image = await imageOf(16_000_001);
    const { scenario, requests, origin } = await withServer((got): Said => {
      if (got.method === 'PUT') return { status: 200 };
      if (got.url.endsWith('/uploads')) {
        const parts = [2, 1, 3].map((number) => ({ number, url: `${origin}/part?n=${number}` }));
        return { status: 200, body: { upload: { id: 'upload_1', status: 'pending', parts } } };
      }
      const upload = { id: 'upload_1', status: 'imported', entityId: 'asset_big' };
      return { status: 200, body: { upload } };
    });

    const assetId = await scenario.uploadImage(image);

    const puts = requests.filter(({ method }) => method === 'PUT').toSorted((a, b) => a.url.localeCompare(b.url));
    expect(assetId).toBe('asset_big');
    expect(Buffer.concat(puts.map(({ body }) => body)).equals(image.bytes)).toBe(true);
    for (const { headers } of puts) {
      expect(headers).not.toHaveProperty('authorization');
      expect(Object.keys(headers).filter((name) => name.startsWith('x-amz'))).toEqual([]);
    }
    const completing = requests.find(({ url }) => url.endsWith('/action'));
    expect(completing?.body.toString()).toBe('{"action":"complete"}');
  });

  it("that Scenario can't import fails with Scenario's reason", async () => {
    const { scenario } = await withStandIn({
      faults: [{ on: 'completeUpload', what: 'upload-fails', errorMessage: 'broken picture' }],
    });

    await expect(scenario.uploadImage(await imageOf(6_000_000))).rejects.toMatchObject({
      name: 'ScenarioInputError',
      message: 'broken picture',
    });
  });

  it('whose import never ends fails after a deadline', async () => {
    const { scenario, time } = await withStandIn({
      faults: [{ on: 'completeUpload', what: 'upload-stuck' }],
    });

    await expect(scenario.uploadImage(await imageOf(6_000_000))).rejects.toThrow(/still validating/);
    expect(time.slept.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(100_000);
  });

  it('whose part is refused can be retried', async () => {
    const { scenario } = await withStandIn({ faults: [{ on: 'putPart', what: 'expired' }] });

    await expect(scenario.uploadImage(await imageOf(6_000_000))).rejects.toMatchObject({
      name: 'ScenarioUnavailableError',
    });
  });

  it('is never sent to another host without HTTPS', async () => {
    const foreign = await openServer(() => ({ status: 200 }));
    const { scenario } = await withServer(() => ({
      status: 200,
      body: { upload: { id: 'u', status: 'pending', parts: [{ number: 1, url: `${foreign.origin}/p` }] } },
    }));

    await expect(scenario.uploadImage(await imageOf(6_000_000))).rejects.toThrow(/without https/);
    expect(foreign.requests).toEqual([]);
  });

  it.each([
    ['has a private address', '10.0.0.7', 'ScenarioAccountError', /private address: 10\.0\.0\.7/],
    ['cannot be resolved', undefined, 'ScenarioUnavailableError', /cannot be resolved: storage\.example/],
  ])('is not sent to a host that %s, and nobody blames the image', async (_, address, name, message) => {
    const parts = [{ number: 1, url: 'https://storage.example/p' }];
    const answer = { status: 200, body: { upload: { id: 'u', status: 'pending', parts } } };
    const lookup = (hostname: string) =>
      address === undefined || hostname !== 'storage.example'
        ? Promise.reject(new Error('ENOTFOUND'))
        : Promise.resolve([{ address, family: 4 }]);
    const { scenario } = await withServer(() => answer, lookup);

    await expect(scenario.uploadImage(await imageOf(6_000_000))).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('a job', () => {
  const jobWith = async (job: Record<string, unknown>) => {
    const { scenario } = await withServer(() => ({ status: 200, body: { job: { jobId: 'job_1', ...job } } }));
    return await scenario.job('job_1');
  };

  it.each([
    ['success', 'succeeded'],
    ['succeeded', 'succeeded'],
    ['failure', 'failed'],
    ['failed', 'failed'],
    ['canceled', 'canceled'],
    ['cancelled', 'canceled'],
    ['queued', 'running'],
    ['pending', 'running'],
    ['warming-up', 'running'],
    ['in-progress', 'running'],
    ['finalizing', 'running'],
    ['post-processing', 'running'],
    ['', 'running'],
    [undefined, 'running'],
    [7, 'running'],
    ['constructor', 'running'],
    ['__proto__', 'running'],
  ])('with status %s is %s', async (status, meant) => {
    expect((await jobWith({ status })).status).toBe(meant);
  });

  it.each([
    [-1, 0],
    [0.4, 0.4],
    [1.02, 1],
    [40, 0.4],
    [100, 1],
    [250, 1],
    ['much', 0],
    [null, 0],
    [undefined, 0],
  ])('with progress %s is at %s', async (progress, meant) => {
    expect((await jobWith({ status: 'queued', progress })).progress).toBe(meant);
  });

  it('has its assets, its cost and its end', async () => {
    const job = await jobWith({
      status: 'success',
      statusHistory: [
        { status: 'queued', date: '2026-10-05T10:00:00.000Z' },
        { status: 'success', date: '2026-10-05T10:03:41Z' },
      ],
      metadata: { input: { image: 'asset_in' }, assetIds: ['asset_1', 'asset_2'], error: null },
      billing: { cuCost: 75, cuDiscount: 0 },
      createdAt: '2026-10-05T10:00:00.000Z',
    });

    expect(job).toMatchObject({
      assetIds: ['asset_1', 'asset_2'],
      cu: 75,
      input: { values: { image: 'asset_in' } },
      finishedAt: '2026-10-05T10:03:41.000Z',
    });
    expect(job.error).toBeUndefined();
  });

  it.each(['+010000-01-01T00:00:00Z', '-000001-01-01T00:00:00Z', 'yesterday', 7])(
    'that ended at %s has no end, because other programs cannot read it',
    async (date) => {
      const job = await jobWith({ status: 'success', statusHistory: [{ status: 'success', date }] });

      expect(job).toMatchObject({ status: 'succeeded', finishedAt: undefined });
    },
  );

  it('is read even if its other fields are junk', async () => {
    const { scenario } = await withServer(({ url }) => {
      const junk: unknown = JSON.parse(
        Buffer.from(url.split('#')[0]?.slice('/v1/jobs/'.length) ?? '', 'hex').toString(),
      );
      return {
        status: 200,
        body: {
          job: {
            jobId: 'job_1',
            status: 'success',
            metadata: junk,
            billing: junk,
            statusHistory: junk,
            progress: junk,
            createdAt: junk,
          },
        },
      };
    });
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (junk) => {
        const job = await scenario.job(Buffer.from(JSON.stringify(junk)).toString('hex'));
        expect(job.status).toBe('succeeded');
        expect(job.progress >= 0 && job.progress <= 1).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("that Scenario doesn't know is a ScenarioNotFoundError", async () => {
    const { scenario } = await withStandIn();

    await expect(scenario.job('job_unknown')).rejects.toMatchObject({ name: 'ScenarioNotFoundError' });
  });

  it("whose answer can't be read can be retried", async () => {
    const { scenario } = await withServer(() => ({ status: 200, body: '<html>OK' }));

    await expect(scenario.job('job_1')).rejects.toMatchObject({ name: 'ScenarioUnavailableError' });
  });
});

describe('an asset', () => {
  const assetWith = async (asset: Record<string, unknown>) => {
    const { scenario, requests } = await withServer(() => ({
      status: 200,
      body: { asset: { id: 'asset_1', url: 'https://cdn.cloud.scenario.com/a', ...asset } },
    }));
    return { asset: await scenario.asset('asset_1'), requests };
  };

  it.each([
    ['success', 'success'],
    [undefined, 'success'],
    ['other', 'success'],
    ['pending', 'pending'],
    ['error', 'error'],
  ])('with status %s is %s', async (status, meant) => {
    expect((await assetWith({ status })).asset.status).toBe(meant);
  });

  it('is requested as the original file, and has its URL', async () => {
    const { asset, requests } = await assetWith({
      originalFileUrl: 'https://cdn.cloud.scenario.com/original',
      properties: { size: 5 },
      thumbnail: { assetId: 'asset_t' },
    });

    expect(requests[0]?.url).toBe('/v1/assets/asset_1?originalAssets=true');
    expect(asset).toMatchObject({
      urls: expect.arrayContaining(['https://cdn.cloud.scenario.com/original']) as string[],
      preview: { assetId: 'asset_t' },
    });
    expect(asset.bytes).toBeUndefined();
  });
});

describe('the list of jobs', () => {
  const row = (n: number, minutes: number) => ({
    jobId: `job_${n}`,
    status: 'queued',
    createdAt: new Date(Date.UTC(2026, 9, 5, 10, minutes)).toISOString(),
    metadata: { input: { image: `asset_${n}` } },
  });

  it('is followed from page to page, to its end', async () => {
    const pages: Readonly<Record<string, unknown>> = {
      '': { jobs: [row(4, 4), row(3, 3)], nextPaginationToken: 'a/+=' },
      'a/+=': { jobs: [row(2, 2), row(1, 1)], nextPaginationToken: 'b' },
      b: { jobs: [{ jobId: 42 }, null] },
    };
    const { scenario, requests } = await withServer(({ url }) => {
      const token = new URL(url, 'http://x').searchParams.get('paginationToken') ?? '';
      return { status: 200, body: pages[token] };
    });

    const seen = (await Array.fromAsync(scenario.jobPages())).flat();

    const names = seen.map((one) => (typeof one === 'string' ? one : one.jobId));
    expect(names).toEqual(['job_4', 'job_3', 'job_2', 'job_1', '{"jobId":42}', 'null']);
    expect(requests).toHaveLength(3);
    expect(requests[0]?.url).toBe('/v1/jobs?types=custom&pageSize=200');
  });

  it.each([
    ['one page', [], 1, ['job_9']],
    ['the next pages as long as a known job is missing', ['job_9', 'job_8'], 2, ['job_9', 'job_8']],
    ['no more than three pages', ['job_gone'], 3, ['job_9', 'job_8', 'job_7']],
  ])('is read for its latest jobs: %s', async (_, known, calls, seen) => {
    let n = 10;
    const { scenario, requests } = await withServer(() => {
      n -= 1;
      return { status: 200, body: { jobs: [row(n, n), null], nextPaginationToken: `after-${n}` } };
    });

    const recent = await scenario.recentJobs(known);

    expect(recent.map(({ jobId }) => jobId)).toEqual(seen);
    expect(requests).toHaveLength(calls);
  });
});

it('an empty token ends the list of jobs', async () => {
  const { scenario, requests } = await withServer(() => ({
    status: 200,
    body: { jobs: [], nextPaginationToken: '' },
  }));

  expect(await Array.fromAsync(scenario.jobPages())).toEqual([[]]);

  expect(requests).toHaveLength(1);
});

it('a list whose token repeats has ended', async () => {
  const { scenario, requests } = await withServer(() => ({
    status: 200,
    body: { jobs: [], nextPaginationToken: 'again' },
  }));

  await Array.fromAsync(scenario.jobPages());

  expect(requests).toHaveLength(2);
});

describe('what assets were made from', () => {
  const asset = (id: string, rootParentId?: string) => ({ id, url: 'https://x', metadata: { rootParentId } });

  it('is asked for in one call', async () => {
    const { scenario, requests } = await withServer(() => ({
      status: 200,
      body: { assets: [asset('asset_copy', 'asset_1'), asset('asset_2')] },
    }));

    const origins = await scenario.originsOf(['asset_copy', 'asset_2']);

    expect([...origins]).toEqual([
      ['asset_copy', ['asset_1']],
      ['asset_2', []],
    ]);
    expect(requests).toHaveLength(1);
  });

  it('is asked for one by one if one unknown asset refuses the call, and that one stays unknown', async () => {
    const { scenario } = await withServer(({ url }) =>
      url.endsWith('/asset_copy')
        ? { status: 200, body: { asset: asset('asset_copy', 'asset_1') } }
        : { status: 404, body: { reason: 'Asset not found' } },
    );

    const origins = await scenario.originsOf(['asset_gone', 'asset_copy']);

    expect([...origins]).toEqual([['asset_copy', ['asset_1']]]);
  });
});
