import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startStandIn } from '../../local/scenario/server.ts';
import { folderWith, meshdrop, readyAddresses } from '../local/cli/meshdrop-process.ts';
import { executablePath, openPage, waitForState } from './browser.ts';

describe.skipIf(executablePath === undefined)('with real keys, the page', () => {
  it('says that images cost money, asks before it sends one, and needs the token in its address', async () => {
    const service = await startStandIn({ apiKey: 'real-key', apiSecret: 'real-secret', options: { jobSeconds: 0.3 } });
    onTestFinished(() => service.close());
    const keys = {
      SCENARIO_SDK_API_KEY: 'real-key',
      SCENARIO_SDK_API_SECRET: 'real-secret',
      SCENARIO_BASE_URL: service.url,
    };
    const folder = await folderWith('oak-chair.png');
    const serving = ['--port', '0', '--page-port', '0', '--speed', '100', '--data', 'data', '--out', 'out'];
    const running = meshdrop(serving, folder, keys);
    const { page: url, token } = await readyAddresses(join(folder, 'data'), running);
    const page = await openPage(`${url}/#token=${token}`);
    const drop = () => page.setInputFiles('#choose', join(folder, 'oak-chair.png'));

    expect(await page.locator('#notice').innerText()).toBe('Meshdrop uses the real Scenario. Each image costs money.');
    await drop();
    expect(await page.locator('#confirm').innerText()).toMatch(/Make 1 model\?[\s\S]*about 38 CU/);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await drop();
    await page.getByRole('button', { name: 'Make 1 model' }).click();
    await waitForState(page, 'oak-chair.png', 'stored');
    expect(service.ledger().jobs).toHaveLength(1);
    await expect.poll(() => page.locator('#totals').innerText()).toMatch(/today 37\.5 CU of \d/);

    const stranger = await openPage(url, { expectsErrors: true });
    await stranger.setInputFiles('#choose', join(folder, 'oak-chair.png'));
    await stranger.getByRole('button', { name: 'Make 1 model' }).click();
    await expect.poll(() => stranger.locator('#problems').innerText()).toMatch(/use the token/);
    expect(service.ledger().jobs).toHaveLength(1);
  });
});
