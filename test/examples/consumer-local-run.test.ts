import { execFile } from 'node:child_process';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { assembly } from '../../local/aws/assembly.ts';
import { project } from '../infra/cdk-context.ts';
import { folderWith, meshdrop, readyAddresses, serve, writtenEvents } from '../local/cli/meshdrop-process.ts';

beforeAll(() => assembly());

const CATALOGUE = 'their-catalogue';
const client = { region: 'us-east-1', accessKeyId: 'any', secretAccessKey: 'any' };

interface Replayed {
  readonly code: number;
  readonly told: readonly string[];
}

/** Runs the handler of the example in its own process with all events of a file. */
function replay(file: string, endpoint: string): Promise<Replayed> {
  const env = {
    PATH: process.env['PATH'],
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: client.region,
    AWS_ACCESS_KEY_ID: client.accessKeyId,
    AWS_SECRET_ACCESS_KEY: client.secretAccessKey,
    ASSET_BUCKET: 'meshdrop-assets',
    CATALOGUE_BUCKET: CATALOGUE,
  };
  const script = join(project, 'examples', 'consumer', 'replay.ts');
  return new Promise((resolve) => {
    const args = ['--conditions=meshdrop-source', script, file];
    const child = execFile(process.execPath, args, { env }, (_, stdout) => {
      resolve({ code: child.exitCode ?? -1, told: stdout.split('\n').filter(Boolean) });
    });
  });
}

test('the example consumer processes the event of a local run once, and refuses a forged one', async () => {
  const folder = await folderWith('oak-chair.png');
  const data = join(folder, 'data');
  const running = meshdrop(serve, folder);
  const { endpoint } = await readyAddresses(data, running);
  const s3 = new S3Client({ endpoint, region: client.region, credentials: client });
  onTestFinished(() => s3.destroy());
  await s3.send(new CreateBucketCommand({ Bucket: CATALOGUE }));
  const Body = await readFile(join(folder, 'oak-chair.png'));
  await s3.send(new PutObjectCommand({ Bucket: 'meshdrop-uploads', Key: 'chairs/oak é.png', Body }));
  await expect.poll(async () => (await writtenEvents(data)).length).toBe(1);
  const [event] = await writtenEvents(data);
  const file = join(folder, 'delivered.jsonl');
  const line = await readFile(join(data, 'events.jsonl'), 'utf8');
  await writeFile(file, line + line);
  const forged = line.replaceAll('meshdrop-assets', 'their-assets');
  await appendFile(file, forged);

  const first = await replay(join(data, 'events.jsonl'), endpoint);
  const then = await replay(file, endpoint);

  expect(first).toEqual({ code: 0, told: ['added'] });
  expect(then.code).toBe(1);
  expect(then.told.slice(0, 2)).toEqual(['repeated', 'repeated']);
  expect(then.told.slice(2)).toEqual([
    'UntrustedEventError: the event points to the bucket their-assets, but the models are in meshdrop-assets',
  ]);
  const Key = `catalogue/${event?.detail.metadata.eventId}.json`;
  const kept = await s3.send(new GetObjectCommand({ Bucket: CATALOGUE, Key }));
  expect(JSON.parse((await kept.Body?.transformToString()) ?? '')).toMatchObject({
    runId: event?.detail.metadata.runId,
    image: 'chairs/oak é.png',
    model: { sha256: event?.detail.data.assets[0]?.sha256 },
  });
});
