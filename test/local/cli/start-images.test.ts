import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { assembly } from '../../../local/aws/assembly.ts';
import { grantOf } from '../../../local/aws/iam/authorize.ts';
import { readTemplate } from '../../../local/aws/template.ts';
import type { LoggedAccess } from '../../../local/runs/access-log.ts';
import { validateBytes } from '../khronos-validator.ts';
import { folderWith, quick, ledgerOf, meshdrop, readyAddresses, resultsIn, writtenEvents } from './meshdrop-process.ts';

beforeAll(() => assembly());

async function sha256Of(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

/** Noise doesn't compress, so the file exceeds the 6,000,000 bytes that Scenario accepts in one request. */
async function makeLarge(file: string): Promise<void> {
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const create = { width: 1500, height: 1500, channels: 3, background: 'gray', noise } as const;
  const { size } = await sharp({ create }).webp({ lossless: true, effort: 0 }).toFile(file);
  expect(size).toBeGreaterThan(6_000_000);
}

describe('a start with images', () => {
  test('makes a valid model of each image, explains why a text file has none, and exits with 1', async () => {
    const folder = await folderWith('oak-chair.png', 'teapot.jpg', 'not-an-image.png');
    await makeLarge(join(folder, 'large.webp'));
    const images = ['oak-chair.png', 'teapot.jpg', 'large.webp', 'not-an-image.png'];

    const { code, stdout } = await meshdrop([...images, '--json', ...quick], folder).ended;

    const results = new Map(resultsIn(stdout).map((result) => [result.image, result]));
    expect(code).toBe(1);
    expect([...results.keys()].sort()).toEqual([...images].sort());
    for (const image of images.slice(0, 3)) {
      const result = results.get(image);
      expect(result).toMatchObject({ status: 'stored', code: null, reason: null, cu: 37.5, standIn: true });
      const glb = await readFile(join(folder, result?.model ?? ''));
      expect((await validateBytes(glb)).issues).toMatchObject({ numErrors: 0, numWarnings: 0 });
    }
    const rejected = { status: 'rejected', model: null, code: 'not-an-image', cu: null };
    expect(results.get('not-an-image.png')).toMatchObject(rejected);
    for (const { manifest } of results.values()) expect((await stat(join(folder, manifest))).isFile()).toBe(true);

    const events = await writtenEvents(join(folder, 'data'));
    const types = events.map((event) => `${event.source} ${event['detail-type']}`).sort();
    expect(types).toEqual([...Array<string>(3).fill('meshdrop Model Stored'), 'meshdrop Upload Rejected']);
    for (const { key, sha256, bytes } of events.flatMap(({ detail }) => detail.data.assets)) {
      const file = join(folder, 'out', key.slice('models/'.length));
      expect([await sha256Of(file), (await stat(file)).size]).toEqual([sha256, bytes]);
    }
  });

  test('writes down each permission that a function uses, once, and the policy allows it', async () => {
    const folder = await folderWith('teapot.jpg', 'not-an-image.png');

    await meshdrop(['teapot.jpg', 'not-an-image.png', ...quick], folder).ended;

    const lines = (await readFile(join(folder, 'data', 'access.jsonl'), 'utf8')).trimEnd().split('\n');
    const used = lines.map((line) => JSON.parse(line) as LoggedAccess);
    const { functions } = await readTemplate(await assembly());
    for (const { function: name, grant, ...access } of used)
      expect([name, access, grantOf(functions.find((one) => one.name === name)?.statements ?? [], access)]).toEqual([
        name,
        access,
        grant,
      ]);
    const uses = used.map(({ function: name, action, grant }) => `${name} ${action} ${grant}`);
    expect(uses).toHaveLength(new Set(uses).size);
    const actions = new Set(used.map(({ function: name, action }) => `${name} ${action}`));
    for (const one of [
      'SubmitJob s3:GetObjectVersion',
      'SubmitJob secretsmanager:GetSecretValue',
      'SubmitJob states:StartExecution',
      'SubmitJob events:PutEvents',
      'CheckJob secretsmanager:GetSecretValue',
      'StoreAssets s3:PutObject',
      'StoreAssets events:PutEvents',
    ])
      expect(actions).toContain(one);
  });

  test('passes on the parameters, prints a table, and exits with 0', async () => {
    const folder = await folderWith('teapot.jpg');

    const { code, stdout } = await meshdrop(
      ['teapot.jpg', '--param', 'face-limit=700', '--param', 'texture=false', ...quick],
      folder,
    ).ended;

    const [event] = await writtenEvents(join(folder, 'data'));
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /image +seconds +CU\n─+\nteapot\.jpg +[\d.]+ +25\n {2}out\/teapot\.jpg\/teapot-[0-9a-f]{32}\/teapot\.glb\n/,
    );
    expect(event?.detail.data.model.parameters).toMatchObject({ faceLimit: 700, texture: false, pbr: false });
  });

  test('refuses a parameter that the model does not have before anything starts', async () => {
    const folder = await folderWith('teapot.jpg');

    const { code, stdout, stderr } = await meshdrop(['teapot.jpg', '--param', 'fase-limit=700', ...quick], folder)
      .ended;

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^meshdrop: --param: tripo-fase-limit: .*did you mean tripo-face-limit\?/);
  });

  test('continues after Ctrl-C with the same command, without a second job', async () => {
    const folder = await folderWith('teapot.jpg');
    const data = join(folder, 'data');
    const slow = ['teapot.jpg', '--json', '--speed', '100', '--job-seconds', '2.5', '--data', 'data', '--out', 'out'];
    const first = meshdrop(slow, folder);
    const { scenario } = await readyAddresses(data, first);
    await expect.poll(async () => (await ledgerOf(scenario)).jobs.length).toBe(1);

    first.process.kill('SIGINT');
    const interrupted = await first.ended;
    const second = meshdrop(slow, folder);
    const again = await readyAddresses(data, second);
    await expect.poll(async () => (await writtenEvents(data)).length).toBe(1);
    const ledger = await ledgerOf(again.scenario).catch(() => undefined);
    const finished = await second.ended;

    expect(interrupted).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('stopped before teapot.jpg ended'),
    });
    expect(finished.code).toBe(0);
    expect(resultsIn(finished.stdout)).toMatchObject([{ status: 'stored' }]);
    expect(ledger?.jobs.length ?? 1).toBe(1);
  });
});
