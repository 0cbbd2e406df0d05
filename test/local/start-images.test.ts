import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { makeBoulder } from '../../examples/make-images.ts';
import { assembly } from '../../local/assembly.ts';
import { startStandIn } from '../../local/scenario/server.ts';
import { validateBytes } from './khronos-validator.ts';
import { folderWith, quick, ledgerOf, meshdrop, readyAddresses, writtenEvents } from './meshdrop-process.ts';

beforeAll(() => assembly());

const resultSchema = z.strictObject({
  image: z.string(),
  status: z.enum(['stored', 'failed', 'rejected']),
  runId: z.string(),
  model: z.string().nullable(),
  manifest: z.string(),
  code: z.string().nullable(),
  reason: z.string().nullable(),
  seconds: z.number(),
  cu: z.number().nullable(),
  standIn: z.boolean(),
});

function resultsIn(stdout: string): readonly z.infer<typeof resultSchema>[] {
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => resultSchema.parse(JSON.parse(line)));
}

async function sha256Of(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

describe('naming images', () => {
  test('makes a valid model of each, says why not of the one that is none, and ends with 1', async () => {
    const folder = await folderWith('oak-chair.png', 'teapot.jpg', 'not-an-image.png');
    await makeBoulder(join(folder, 'boulder.webp'));
    const images = ['oak-chair.png', 'teapot.jpg', 'boulder.webp', 'not-an-image.png'];

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
    expect(results.get('not-an-image.png')).toMatchObject({
      status: 'rejected',
      model: null,
      code: 'not-an-image',
      cu: null,
    });
    for (const { manifest } of results.values())
      expect((await stat(join(folder, manifest))).isFile()).toBe(true);
  });

  test('announces each answer once, with files that are there to the byte', async () => {
    const folder = await folderWith('teapot.jpg', 'not-an-image.png');

    await meshdrop(['teapot.jpg', 'not-an-image.png', '--json', ...quick], folder).ended;

    const events = await writtenEvents(join(folder, 'data'));
    const stored = events.find((event) => event['detail-type'] === 'Model Stored');
    expect(events.map((event) => `${event.source} ${event['detail-type']}`).sort()).toEqual([
      'meshdrop Model Stored',
      'meshdrop Upload Rejected',
    ]);
    expect(stored?.detail.data.assets.map(({ role }) => role)).toEqual(['model', 'preview']);
    for (const { key, sha256, bytes } of stored?.detail.data.assets ?? []) {
      const file = join(folder, 'out', key.slice('models/'.length));
      expect([await sha256Of(file), (await stat(file)).size]).toEqual([sha256, bytes]);
    }
  });

  test('sends its parameters along, ends with 0 and a table', async () => {
    const folder = await folderWith('teapot.jpg');

    const { code, stdout } = await meshdrop(
      ['teapot.jpg', '--param', 'face-limit=700', '--param', 'texture=false', ...quick],
      folder,
    ).ended;

    const [event] = await writtenEvents(join(folder, 'data'));
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /image +result +seconds +CU\n─+\nteapot\.jpg +out\/teapot\.jpg\/teapot-[0-9a-f]{32}\/teapot\.glb +[\d.]+ +25\n/,
    );
    expect(event?.detail.data.model.parameters).toMatchObject({ faceLimit: 700, texture: false, pbr: false });
  });

  test('rejects a parameter that the model does not know, and pays nothing', async () => {
    const folder = await folderWith('teapot.jpg');

    const { code, stdout } = await meshdrop(
      ['teapot.jpg', '--param', 'fase-limit=700', '--json', ...quick],
      folder,
    ).ended;

    expect(code).toBe(1);
    expect(resultsIn(stdout)).toMatchObject([
      {
        status: 'rejected',
        code: 'unknown-parameter',
        reason: expect.stringContaining('did you mean tripo-face-limit?'),
        cu: null,
      },
    ]);
  });

  test('goes on after Ctrl-C with the same command, without a second job', async () => {
    const folder = await folderWith('teapot.jpg');
    const data = join(folder, 'data');
    const slow = [
      'teapot.jpg',
      '--json',
      '--speed',
      '100',
      '--job-seconds',
      '2.5',
      '--data',
      'data',
      '--out',
      'out',
    ];
    const first = meshdrop(slow, folder);
    const { scenario } = await readyAddresses(data, first);
    await expect.poll(async () => (await ledgerOf(scenario)).jobs.length, { timeout: 10_000 }).toBe(1);

    first.process.kill('SIGINT');
    const interrupted = await first.ended;
    const second = meshdrop(slow, folder);
    const again = await readyAddresses(data, second);
    await expect.poll(async () => (await writtenEvents(data)).length, { timeout: 10_000 }).toBe(1);
    const ledger = await ledgerOf(again.scenario).catch(() => undefined);
    const finished = await second.ended;

    expect(interrupted).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('stopped before teapot.jpg was done'),
    });
    expect(finished.code).toBe(0);
    expect(resultsIn(finished.stdout)).toMatchObject([{ status: 'stored' }]);
    expect(ledger?.jobs.length ?? 1).toBe(1);
  });
});

/** A second stand-in that plays the real service, and the environment that names it. */
async function realService() {
  const service = await startStandIn({
    apiKey: 'real-key',
    apiSecret: 'real-secret',
    options: { jobSeconds: 0.3 },
  });
  onTestFinished(() => service.close());
  const keys = {
    SCENARIO_SDK_API_KEY: 'real-key',
    SCENARIO_SDK_API_SECRET: 'real-secret',
    SCENARIO_BASE_URL: service.url,
  };
  return { service, keys };
}

const real = ['--speed', '100', '--data', 'data', '--out', 'out'];

describe('with keys in the environment', () => {
  test('it talks to that service, after saying what that costs, and nobody else reads the keys', async () => {
    const folder = await folderWith('teapot.jpg');
    const { service, keys } = await realService();
    const running = meshdrop(['teapot.jpg', '--json', ...real], folder, keys);
    const { endpoint } = await readyAddresses(join(folder, 'data'), running);

    const SecretId = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:ScenarioSecret';
    const headers = { 'x-amz-target': 'secretsmanager.GetSecretValue' };
    const asked = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify({ SecretId }) });
    const { code, stdout, stderr } = await running.ended;

    expect(code).toBe(0);
    expect(stderr).toContain('EACH IMAGE COSTS MONEY');
    expect(resultsIn(stdout)).toMatchObject([{ status: 'stored', standIn: false }]);
    expect(service.ledger().jobs).toHaveLength(1);
    expect(await asked.text()).toMatch(/AccessDeniedException/);
    for (const name of ['SubmitJob', 'CheckJob', 'StoreAssets']) {
      const log = await readFile(join(folder, 'data', 'logs', `${name}.log`), 'utf8');
      expect(log).not.toMatch(/real-secret|real-key|Signature=/);
    }
  });

  test('an image that waits for the stand-in is not sent to the real service', async () => {
    const folder = await folderWith('oak-chair.png', 'teapot.jpg');
    const { service, keys } = await realService();
    const slow = ['--speed', '100', '--job-seconds', '60', '--data', 'data', '--out', 'out'];
    const first = meshdrop(['oak-chair.png', ...slow], folder);
    const { scenario } = await readyAddresses(join(folder, 'data'), first);
    await expect.poll(async () => (await ledgerOf(scenario)).jobs.length, { timeout: 10_000 }).toBe(1);
    first.process.kill('SIGKILL');
    await first.ended;

    const { code, stderr } = await meshdrop(['teapot.jpg', ...real], folder, keys).ended;

    expect(code).toBe(0);
    expect(stderr).not.toContain('unfinished');
    expect(service.ledger().jobs).toHaveLength(1);
  });

  test('Ctrl-C before the first image leaves nothing behind that a later start would pay for', async () => {
    const folder = await folderWith('teapot.jpg');
    const { service, keys } = await realService();
    const stopped = meshdrop(['teapot.jpg', ...real], folder, keys);
    stopped.process.stderr?.on('data', () => stopped.process.kill('SIGINT'));

    const { code } = await stopped.ended;
    const later = meshdrop(['--port', '0', '--page-port', '0', ...real], folder, keys);
    await readyAddresses(join(folder, 'data'), later);
    later.process.kill('SIGINT');
    const { stderr } = await later.ended;

    expect(code).toBe(130);
    expect(stderr).not.toContain('unfinished');
    expect(service.ledger().jobs).toEqual([]);
  });

  test('what an earlier start left is announced before it goes on', async () => {
    const folder = await folderWith('teapot.jpg');
    const { service, keys } = await realService();
    service.setOptions({ jobSeconds: 2 });
    const first = meshdrop(['teapot.jpg', ...real], folder, keys);
    await expect.poll(() => service.ledger().jobs.length, { timeout: 10_000 }).toBe(1);
    first.process.kill('SIGKILL');
    await first.ended;

    const { code, stderr } = await meshdrop(['teapot.jpg', ...real], folder, keys).ended;

    expect(stderr).toContain(
      '1 unfinished upload of an earlier start go on, and EACH THAT IS NOT PAID YET COSTS MONEY',
    );
    expect(code).toBe(0);
    expect(service.ledger().jobs).toHaveLength(1);
  });
});
