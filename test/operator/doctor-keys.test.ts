import { expect, it, onTestFinished } from 'vitest';
import { operatorCommand } from './command.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';

/** Runs the doctor in an empty folder, with these variables. */
async function doctorWith(variables: Readonly<Record<string, string>>) {
  for (const [name, value] of Object.entries(variables)) process.env[name] = value;
  onTestFinished(() => {
    for (const name of Object.keys(variables)) delete process.env[name];
  });
  return await operatorCommand('doctor', [], await temporaryFolder());
}

const KEYS = { SCENARIO_SDK_API_KEY: 'key-1', SCENARIO_SDK_API_SECRET: 'secret-1' };

it('the doctor never sends a key without TLS, unless to this machine', async () => {
  const { code, stderr } = await doctorWith({ ...KEYS, SCENARIO_BASE_URL: 'http://scenario.example.com/v1' });

  expect(code).toBe(2);
  expect(stderr).toContain('the URL must begin with https:// and include /v1');
  expect(stderr).not.toMatch(/key-1|secret-1/);
});

it('the doctor refuses half a key, as npm start does', async () => {
  const { code, stderr } = await doctorWith({ SCENARIO_SDK_API_KEY: 'key-1' });

  expect([code, stderr]).toEqual([2, expect.stringContaining('SCENARIO_SDK_API_KEY without both keys')]);
});
