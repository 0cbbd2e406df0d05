import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type LambdaHost, startLambdaHost } from '../../../../local/aws/lambda/lambda-host.ts';
import type { LocalFunction } from '../../../../local/aws/template.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

/** Starts a host with one function, `Work`, with this code and timeout. */
async function hostOf(code: string, timeoutSeconds = 5): Promise<LambdaHost> {
  const folder = await temporaryFolder();
  const codeFolder = join(folder, 'code');
  await mkdir(codeFolder);
  await writeFile(join(codeFolder, 'index.mjs'), code);
  const work: LocalFunction = {
    name: 'Work',
    ref: 'Work',
    attributes: {},
    codeFolder,
    statements: [],
    properties: {
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Timeout: timeoutSeconds,
      MemorySize: 128,
      Environment: { Variables: { COLOUR: 'green', SCENARIO_URL: 'https://real.example/v1' } },
    },
  };
  const host = await startLambdaHost({
    functions: [work],
    endpoint: 'http://127.0.0.1:9',
    variables: { SCENARIO_URL: 'http://127.0.0.1:9/v1', OTHER: 'x' },
    accessKeyIdOf: () => 'functions-of-this-run',
    onLog: () => undefined,
    logFolder: join(folder, 'logs'),
  });
  onTestFinished(() => host.close());
  return host;
}

describe('a function', () => {
  test('has the environment of the template and of Lambda, and nothing from this machine', async () => {
    process.env['SECRET_OF_THIS_MACHINE'] = 'x';
    onTestFinished(() => {
      delete process.env['SECRET_OF_THIS_MACHINE'];
    });
    const host = await hostOf('export const handler = async () => process.env');

    const environment = await host.invoke('Work', {});

    expect(environment).toMatchObject({
      COLOUR: 'green',
      SCENARIO_URL: 'http://127.0.0.1:9/v1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'Work',
    });
    expect(environment).not.toHaveProperty('SECRET_OF_THIS_MACHINE');
    // Only variables that the template sets are replaced.
    expect(environment).not.toHaveProperty('OTHER');
  });

  test('keeps its process warm, and knows how much time is left', async () => {
    const host = await hostOf(
      'let n = 0; export const handler = async (event, context) => ({ n: ++n, event, left: context.getRemainingTimeInMillis() })',
    );

    await host.invoke('Work', {});
    const second = await host.invoke('Work', { a: [1] });

    expect(second).toMatchObject({
      n: 2,
      event: { a: [1] },
      left: expect.toSatisfy((left: number) => left > 0 && left <= 5000),
    });
  });

  test('runs one invocation at a time in each process', async () => {
    const host = await hostOf(
      'import { setTimeout } from "node:timers/promises"; export const handler = async () => { await setTimeout(30); return process.pid }',
    );

    const pids = await Promise.all([host.invoke('Work', {}), host.invoke('Work', {})]);

    expect(new Set(pids).size).toBe(2);
  });

  test('fails with the name and message of its error', async () => {
    const host = await hostOf(
      'class BusyError extends Error { name = "BusyError" } export const handler = async () => { throw new BusyError("later") }',
    );

    const failed = host.invoke('Work', {});

    await expect(failed).rejects.toMatchObject({
      name: 'BusyError',
      message: expect.stringContaining('"errorMessage":"later"'),
    });
  });

  test('is killed at its timeout, and the next invocation gets a new process', async () => {
    const host = await hostOf(
      'let n = 0; export const handler = async ({ hang }) => { n += 1; if (hang) while (true); return n }',
      0.4,
    );

    const hung = host.invoke('Work', { hang: true });

    await expect(hung).rejects.toMatchObject({ name: 'Sandbox.Timedout' });
    const fresh = await (await hostOf('export const handler = async () => 1')).invoke('Work', {});
    expect(fresh).toBe(1);
  });

  test('that ends its process fails with the exit status, and the next invocation works', async () => {
    const host = await hostOf('export const handler = async ({ die }) => { if (die) process.exit(3); return "alive" }');

    const died = host.invoke('Work', { die: true });

    await expect(died).rejects.toMatchObject({
      name: 'Runtime.ExitError',
      message: expect.stringContaining('exit status 3'),
    });
    expect(await host.invoke('Work', {})).toBe('alive');
  });

  test('that cannot be loaded fails with the reason', async () => {
    const host = await hostOf('throw new Error("missing environment variables: X")');

    await expect(host.invoke('Work', {})).rejects.toThrow('missing environment variables: X');
  });
});
