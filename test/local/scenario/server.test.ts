import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import type { StandInOptionsInput } from '../../../local/scenario/moods/options.ts';
import { type StandIn, startStandIn } from '../../../local/scenario/server.ts';
import { type AssetBody, AUTHORIZATION, type JobBody, smallPng } from './virtual-stand-in.ts';

const open: StandIn[] = [];
const folders: string[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((standIn) => standIn.close()));
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

async function start(options: StandInOptionsInput = {}, folder?: string) {
  const standIn = await startStandIn({
    apiKey: 'key',
    apiSecret: 'secret',
    folder,
    options: { resultModel: 'triangle', jobSeconds: 0, ...options },
  });
  open.push(standIn);
  async function call(method: string, path: string, body?: unknown) {
    const answer = await fetch(`${standIn.url}${path}`, {
      method,
      headers: { authorization: AUTHORIZATION, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }
  async function image() {
    const png = (await smallPng()).toString('base64');
    const { body } = await call('POST', '/assets', { name: 'a.png', image: png });
    return (body['asset'] as AssetBody).id;
  }
  async function model() {
    const submitted = await call('POST', GENERATE, { image: await image() });
    const { jobId } = submitted.body['job'] as JobBody;
    const { metadata } = (await call('GET', `/jobs/${jobId}`)).body['job'] as JobBody;
    const asset = (await call('GET', `/assets/${metadata.assetIds[0]}`)).body['asset'] as AssetBody;
    return { jobId, asset };
  }
  return { standIn, call, image, model };
}

const GENERATE = '/generate/custom/model_tripo-v3-1-image-to-3d';

function chunksOf({ body }: Response): AsyncIterable<Uint8Array> {
  if (body === null) throw new Error('an answer without a body');
  return body;
}

/** Frees garbage that would distort the measurement. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Counts used bytes. The resident set can be larger and partly empty. */
function bytesInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function newFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'stand-in-'));
  folders.push(folder);
  return folder;
}

describe('over HTTP', () => {
  it('leads from an image to a file', async () => {
    const { standIn, model } = await start();

    const { asset } = await model();
    const file = await fetch(asset.url);

    expect(asset.url.startsWith(standIn.origin)).toBe(true);
    expect(Buffer.from(await file.arrayBuffer()).toString('latin1', 0, 4)).toBe('glTF');
    expect(standIn.ledger()).toMatchObject({ cuCharged: 37.5, leakedCredentials: 0 });
  });

  it('breaks the connection instead of answering, while the job runs', async () => {
    const { standIn, call, image } = await start({ faults: [{ on: 'generate', what: 'lost-cut' }] });

    await expect(call('POST', GENERATE, { image: await image() })).rejects.toThrow('fetch failed');

    expect(standIn.ledger().jobs).toHaveLength(1);
  });

  it('stays silent for a while', async () => {
    const { call, standIn } = await start({ faults: [{ on: 'listJobs', what: 'slow', seconds: 0.15 }] });
    const began = performance.now();

    const { status } = await call('GET', '/jobs');

    expect(status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(140);
    standIn.setOptions({ faults: [{ on: 'listJobs', what: 'hang-before', seconds: 60 }] });
    const impatient = fetch(`${standIn.url}/jobs`, { signal: AbortSignal.timeout(60) });
    await expect(impatient).rejects.toThrow('timeout');
  });

  it('announces a whole file and breaks off halfway', async () => {
    const { standIn, model } = await start({ gltfPadBytes: 1_000_000 });
    const { asset } = await model();
    standIn.setOptions({ faults: [{ on: 'cdn', what: 'truncated', atByte: 300_000 }] });

    const file = await fetch(asset.url);
    let received = 0;
    const reading = (async () => {
      for await (const chunk of chunksOf(file)) received += chunk.byteLength;
    })();

    await expect(reading).rejects.toThrow('terminated');
    expect(file.headers.get('content-length')).toBe(`${asset.properties.size}`);
    expect(received).toBe(300_000);
  });

  it('sends a large file without keeping it in memory', async () => {
    const { model } = await start({ gltfPadBytes: 80_000_000 });
    const { asset } = await model();
    const before = bytesInUse();

    let received = 0;
    let most = 0;
    let looks = 0;
    for await (const chunk of chunksOf(await fetch(asset.url))) {
      received += chunk.byteLength;
      if (received < (looks + 1) * 15_000_000) continue;
      looks += 1;
      most = Math.max(most, bytesInUse() - before);
    }

    expect(received).toBe(asset.properties.size);
    expect(looks).toBe(5);
    expect(most).toBeLessThan(50_000_000);
  });

  it('answers a body that is too long instead of closing the connection', async () => {
    const { call } = await start();

    const answer = await call('POST', '/assets', { name: 'a', image: 'A'.repeat(12_000_000) });

    expect([answer.status, answer.body]).toEqual([413, { message: 'Request Too Long' }]);
  });
});

describe('the control', () => {
  const control = (standIn: StandIn, init?: RequestInit) => fetch(`${standIn.origin}/_control`, init);

  it('shows and changes the options', async () => {
    const { standIn } = await start();

    const answer = await control(standIn, { method: 'POST', body: '{"jobSeconds": 42}' });
    const shown = (await (await control(standIn)).json()) as { jobSeconds: number };
    const ledger = await (await fetch(`${standIn.origin}/_control/ledger`)).json();

    expect(answer.status).toBe(200);
    expect([shown.jobSeconds, standIn.options.jobSeconds]).toEqual([42, 42]);
    expect(ledger).toMatchObject({ jobs: [], cuCharged: 0, cuRefunded: 0, maxRequestsInAnyWindow: 0 });
  });

  it.each([
    ['{"jobSecond": 1}', 'did you mean "jobSeconds"?'],
    ['{"jobSeconds": "1"}', 'jobSeconds'],
    ['jobSeconds=1', 'not valid JSON'],
  ])('refuses %s and changes nothing', async (body, sentence) => {
    const { standIn } = await start();

    const answer = await control(standIn, { method: 'POST', body });

    expect(answer.status).toBe(400);
    expect((await answer.json()) as object).toEqual({ message: expect.stringContaining(sentence) as string });
    expect(standIn.options.jobSeconds).toBe(0);
  });

  it('refuses requests from pages of other sites, and of other servers on this machine', async () => {
    const { standIn } = await start();

    const foreign = await control(standIn, {
      method: 'POST',
      body: '{}',
      headers: { origin: 'https://evil.example' },
    });
    const neighbour = await control(standIn, {
      method: 'POST',
      body: '{}',
      headers: { origin: 'http://127.0.0.1:8080' },
    });
    const own = await control(standIn, { method: 'POST', body: '{}', headers: { origin: standIn.origin } });

    expect([foreign.status, neighbour.status, own.status]).toEqual([403, 403, 200]);
  });

  it('answers only to the names of this machine', async () => {
    const { standIn } = await start();
    const status = await new Promise((resolve, reject) => {
      request(`${standIn.origin}/_control/ledger`, { headers: { host: 'evil.example' } }, (answer) => {
        resolve(answer.resume().statusCode);
      })
        .on('error', reject)
        .end();
    });

    expect(status).toBe(403);
  });
});

describe('a restart on the same folder', () => {
  it('keeps jobs, assets, uploads, the ledger, and valid URLs', async () => {
    const folder = await newFolder();
    const first = await start({}, folder);
    const { jobId, asset } = await first.model();
    const secondImage = await first.image();
    const opened = await first.call('POST', '/uploads', {
      fileName: 'a.png',
      contentType: 'image/png',
      fileSize: 9,
      kind: 'image',
      parts: 1,
    });
    const ledger = first.standIn.ledger();
    await first.standIn.close();

    const second = await start({}, folder);

    expect(second.standIn.ledger()).toMatchObject({ jobs: ledger.jobs, cuCharged: 37.5 });
    expect((await second.call('GET', `/jobs/${jobId}`)).body).toMatchObject({ job: { status: 'success' } });
    const uploadId = (opened.body['upload'] as { id: string }).id;
    expect((await second.call('GET', `/uploads/${uploadId}`)).status).toBe(200);
    const moved = asset.url.replace(first.standIn.origin, second.standIn.origin);
    expect((await (await fetch(moved)).arrayBuffer()).byteLength).toBe(asset.properties.size);
    expect((await second.call('POST', GENERATE, { image: secondImage })).status).toBe(200);
    expect((await second.call('GET', '/jobs?types=custom')).body['jobs']).toMatchObject([{}, { jobId }]);
  });
});
