import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { assembly } from '../../../local/aws/assembly.ts';
import { startStandIn } from '../../../local/scenario/server.ts';
import { folderWith, ledgerOf, meshdrop, readyAddresses, resultsIn } from './meshdrop-process.ts';

beforeAll(() => assembly());

/** Starts a second stand-in as the real Scenario, and returns the environment that selects it. */
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
  test('Meshdrop warns about costs, uses the real Scenario, and lets no other caller read the keys; an upload that is held shows the reason, and continues by itself', async () => {
    const folder = await folderWith('teapot.jpg');
    const { service, keys } = await realService();
    service.setOptions({ faults: [{ on: 'createAsset', what: 'server-error', times: 4 }] });
    const running = meshdrop(['teapot.jpg', '--json', ...real], folder, keys);
    const { endpoint } = await readyAddresses(join(folder, 'data'), running);

    const SecretId = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:ScenarioSecret';
    const headers = { 'x-amz-target': 'secretsmanager.GetSecretValue' };
    const asked = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify({ SecretId }) });
    const { code, stdout, stderr } = await running.ended;

    expect(code).toBe(0);
    expect(stderr).toContain('EACH IMAGE COSTS MONEY');
    expect(stderr).toMatch(/teapot\.jpg: submitting, waiting: Scenario answered POST \/assets with 503/);
    expect(resultsIn(stdout)).toMatchObject([{ status: 'stored', standIn: false }]);
    expect(service.ledger().jobs).toHaveLength(1);
    expect(await asked.text()).toMatch(/AccessDeniedException/);
    for (const name of ['SubmitJob', 'CheckJob', 'StoreAssets']) {
      const log = await readFile(join(folder, 'data', 'logs', `${name}.log`), 'utf8');
      expect(log).not.toMatch(/real-secret|real-key|Signature=/);
    }
  });

  test('an image that waits for the stand-in is not sent to the real Scenario', async () => {
    const folder = await folderWith('oak-chair.png', 'teapot.jpg');
    const { service, keys } = await realService();
    const slow = ['--speed', '100', '--job-seconds', '60', '--data', 'data', '--out', 'out'];
    const first = meshdrop(['oak-chair.png', ...slow], folder);
    const { scenario } = await readyAddresses(join(folder, 'data'), first);
    await expect.poll(async () => (await ledgerOf(scenario)).jobs.length).toBe(1);
    first.process.kill('SIGKILL');
    await first.ended;

    const { code, stderr } = await meshdrop(['teapot.jpg', ...real], folder, keys).ended;

    expect(code).toBe(0);
    expect(stderr).not.toContain('unfinished');
    expect(service.ledger().jobs).toHaveLength(1);
  });

  test('Ctrl-C before the first image leaves nothing that a later start would pay for', async () => {
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

  test('unfinished uploads of an earlier start are announced before they continue', async () => {
    const folder = await folderWith('teapot.jpg');
    const { service, keys } = await realService();
    service.setOptions({ jobSeconds: 2 });
    const first = meshdrop(['teapot.jpg', ...real], folder, keys);
    await expect.poll(() => service.ledger().jobs.length).toBe(1);
    first.process.kill('SIGKILL');
    await first.ended;

    const { code, stderr } = await meshdrop(['teapot.jpg', ...real], folder, keys).ended;

    expect(stderr).toContain(
      'continuing 1 unfinished upload of an earlier start; EACH UPLOAD THAT IS NOT PAID YET COSTS MONEY',
    );
    expect(code).toBe(0);
    expect(service.ledger().jobs).toHaveLength(1);
  });
});

describe('what can be spent', () => {
  test('is said before anything starts, and images that cost more are refused', async () => {
    const folder = await folderWith('oak-chair.png', 'teapot.jpg');
    const { service, keys } = await realService();

    const { code, stderr } = await meshdrop(['oak-chair.png', 'teapot.jpg', '--max-cu', '70', ...real], folder, keys)
      .ended;

    expect(code).toBe(2);
    expect(stderr).toContain('2 images cost about 75 compute units, more than --max-cu 70');
    expect(service.ledger().requests).toEqual({});
  });

  test('is kept by the functions, too: an image that is dropped beyond it waits', async () => {
    const folder = await folderWith('oak-chair.png', 'teapot.jpg');
    const { service, keys } = await realService();
    const serving = ['--port', '0', '--page-port', '0', '--max-cu', '40', ...real];
    const running = meshdrop(serving, folder, keys);
    const { page, token } = await readyAddresses(join(folder, 'data'), running);
    const drop = async (name: string, headers = {}) => {
      const body = await readFile(join(folder, name));
      return (await fetch(`${page}/uploads/${name}`, { method: 'PUT', body, headers })).status;
    };

    expect(await drop('oak-chair.png')).toBe(403);
    expect(await drop('oak-chair.png', { 'x-meshdrop-token': token })).toBe(204);
    await expect.poll(() => service.ledger().jobs.length, { timeout: 60_000 }).toBe(1);
    expect(await drop('teapot.jpg', { 'x-meshdrop-token': token })).toBe(204);
    await expect
      .poll(async () => await (await fetch(`${page}/runs`)).text(), { timeout: 60_000 })
      .toMatch(/compute units of today are used up/);

    expect(service.ledger().jobs).toHaveLength(1);
    running.process.kill('SIGINT');
    await running.ended;
  });
});
