import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { assembly } from '../../../local/aws/assembly.ts';
import {
  folderWith,
  ledgerOf,
  meshdrop,
  readyAddresses,
  serve,
  type Serving,
  servingForAll,
  writtenEvents,
} from './meshdrop-process.ts';

beforeAll(() => assembly());

function clientOf(endpoint: string): S3Client {
  const s3 = new S3Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  onTestFinished(() => s3.destroy());
  return s3;
}

describe('serving', () => {
  let serving: Serving;
  beforeAll(async () => {
    serving = await servingForAll('oak-chair.png', 'not-an-image.png');
    return () => serving.end();
  });

  test('accepts images with any key from the real SDK, and processes each version of a key', async () => {
    const { folder, data, endpoint } = serving;
    const s3 = clientOf(endpoint);
    const upload = {
      Bucket: 'meshdrop-uploads',
      Key: 'möbel/50 % + mehr/oak é 🪑.png',
      Body: await readFile(join(folder, 'oak-chair.png')),
    };

    await s3.send(new PutObjectCommand({ ...upload, Metadata: { 'tripo-face-limit': '5000' } }));
    await s3.send(new PutObjectCommand({ ...upload, Metadata: { 'tripo-face-limit': 'many' } }));
    const written = async () =>
      (await writtenEvents(data)).filter(({ detail }) => detail.data.upload.key === upload.Key);
    await expect.poll(async () => (await written()).length).toBe(2);

    const events = await written();
    const stored = events.find((event) => event['detail-type'] === 'Model Stored')?.detail.data;
    const rejected = events.find((event) => event['detail-type'] === 'Upload Rejected')?.detail.data;
    expect(stored?.upload.key).toBe(upload.Key);
    expect(stored?.model.parameters).toMatchObject({ faceLimit: 5000 });
    expect(rejected?.failure).toMatchObject({
      code: 'bad-parameter',
      reason: expect.stringContaining('tripo-face-limit: "many"'),
    });
    expect(rejected?.upload.versionId).not.toBe(stored?.upload.versionId);
    const { manifest } = stored ?? {};
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: manifest?.bucket, Key: manifest?.key }));
    expect(JSON.parse((await Body?.transformToString()) ?? '')).toMatchObject({
      status: 'stored',
      upload: { key: upload.Key },
    });
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'meshdrop-assets', Prefix: 'runs/oak-' }));
    expect(Contents).toHaveLength(2);
  });

  test('finishes its runs after kill -9 and a restart, without a second job', async () => {
    const folder = await folderWith('teapot.jpg');
    const data = join(folder, 'data');
    const slow = [
      '--port',
      '0',
      '--page-port',
      '0',
      '--speed',
      '100',
      '--job-seconds',
      '2',
      '--data',
      'data',
      '--out',
      'out',
    ];
    const first = meshdrop(slow, folder);
    const { endpoint, scenario } = await readyAddresses(data, first);
    await clientOf(endpoint).send(
      new PutObjectCommand({
        Bucket: 'meshdrop-uploads',
        Key: 'tea.jpg',
        Body: await readFile(join(folder, 'teapot.jpg')),
      }),
    );
    await expect.poll(async () => (await ledgerOf(scenario)).jobs.length).toBe(1);
    first.process.kill('SIGKILL');
    await first.ended;

    const second = meshdrop(slow, folder);
    const again = await readyAddresses(data, second);
    await expect.poll(async () => (await writtenEvents(data)).length).toBe(1);

    expect((await ledgerOf(again.scenario)).jobs).toHaveLength(1);
    expect((await writtenEvents(data)).map((event) => event['detail-type'])).toEqual(['Model Stored']);
  });

  test('processes an image that is dropped on the page, and lists its run with links', async () => {
    const { folder, page } = serving;

    await fetch(`${page}/uploads/a%20b/%C3%A9.png`, {
      method: 'PUT',
      body: await readFile(join(folder, 'not-an-image.png')),
    });

    const listed = async () =>
      z
        .object({
          runs: z.array(z.looseObject({ key: z.string(), stage: z.string(), files: z.array(z.string()) })),
        })
        .parse(await (await fetch(`${page}/runs`)).json()).runs;
    const dropped = async () => (await listed()).find(({ key }) => key === 'a b/é.png');
    await expect.poll(async () => (await dropped())?.stage).toBe('rejected');
    const run = await dropped();
    expect(run).toMatchObject({ files: [expect.stringMatching(/manifest\.json$/)] });
    const file = await fetch(`${page}/files/${(run?.files[0] ?? '').split('/').map(encodeURIComponent).join('/')}`);
    expect(await file.json()).toMatchObject({ status: 'rejected' });
  });

  test('refuses requests under another host name', async () => {
    const { page, endpoint } = serving;

    const answers = await Promise.all([page, endpoint].map((address) => statusUnderName(address, 'rebound.example')));

    expect(answers).toEqual([403, 403]);
  });

  test('locks its data folder: a second start exits with 2, and the first process continues', async () => {
    const { folder, page, pid } = serving;

    const second = await meshdrop(serve, folder).ended;

    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining(`in use by process ${pid}`) });
    expect((await fetch(page)).status).toBe(200);
  });

  // The last test, because it stops the Meshdrop that all tests use.
  test('prints how to upload an image and the result of each run, and exits with 0 on Ctrl-C', async () => {
    const { running, folder, data, endpoint, page } = serving;
    const s3 = clientOf(endpoint);
    const upload = { Bucket: 'meshdrop-uploads', Body: await readFile(join(folder, 'oak-chair.png')) };
    await s3.send(new PutObjectCommand({ ...upload, Key: 'möbel/oak é.png' }));
    await s3.send(new PutObjectCommand({ ...upload, Key: 'note.png', Body: 'hello' }));
    const told = async () => (await writtenEvents(data)).map(({ detail }) => detail.data.upload.key);
    await expect.poll(told).toEqual(expect.arrayContaining(['möbel/oak é.png', 'note.png']));

    running.process.kill('SIGINT');
    const { code, stdout, stderr } = await running.ended;

    expect(code).toBe(0);
    expect(stdout).toContain(
      `aws s3 cp examples/oak-chair.png s3://meshdrop-uploads/chairs/oak.png --endpoint-url ${endpoint} --no-sign-request --region us-east-1`,
    );
    expect(stdout).toContain(page);
    expect(stderr).toContain('nothing costs money');
    expect(stdout).toMatch(/^möbel\/oak é\.png: done, in out\/möbel\/oak é\.png\/oak-e-[0-9a-f]{32}$/m);
    expect(stdout).toMatch(/^note\.png: rejected: the file is not a JPEG, PNG or WebP image: it looks like text \(/m);
  });
});

/** `fetch` can't set the Host header. */
async function statusUnderName(address: string, host: string): Promise<number | undefined> {
  const { request } = await import('node:http');
  return await new Promise((resolve, reject) => {
    request(address, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}
