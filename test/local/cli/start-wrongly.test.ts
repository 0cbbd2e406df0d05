import { stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { assembly } from '../../../local/aws/assembly.ts';
import { folderWith, meshdrop, readyAddresses, serve } from './meshdrop-process.ts';

beforeAll(() => assembly());

describe('an invalid call', () => {
  test.each([
    ['a missing file', ['nowhere.png'], 'nowhere.png does not exist'],
    ['a folder', ['.'], 'is a folder'],
    ['an unknown option', ['--sped', '3'], 'did you mean --speed?'],
    ['parameters without images', ['--param', 'seed=1'], '--param'],
  ])('such as %s exits with 2 and a message, and starts nothing', async (_, args, sentence) => {
    const folder = await folderWith();

    const { code, stdout, stderr } = await meshdrop([...args, '--data', 'data'], folder).ended;

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
    await expect(stat(join(folder, 'data'))).rejects.toThrow('ENOENT');
  });

  test('such as an incomplete configuration of the real Scenario exits with 2', async () => {
    const { code, stderr } = await meshdrop([], await folderWith(), {
      SCENARIO_SDK_API_KEY: 'key-of-somebody',
    }).ended;

    expect(code).toBe(2);
    expect(stderr).toContain('SCENARIO_SDK_API_KEY without both keys');
    expect(stderr).not.toContain('key-of-somebody');
  });

  test('such as a port in use exits with 2', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address();
    const port = typeof address === 'object' ? String(address?.port) : '';

    const { code, stderr } = await meshdrop(['--port', port, '--page-port', '0', '--data', 'data'], await folderWith())
      .ended;

    expect(code).toBe(2);
    expect(stderr).toContain(`port ${port} is in use: name another port with --port`);
  });

  test('such as an image that SubmitJob ignores because of its name exits with 2', async () => {
    const folder = await folderWith();
    await writeFile(join(folder, 'Thumbs.db'), 'x');

    const { code, stderr } = await meshdrop(['Thumbs.db', '--data', 'data'], folder).ended;

    expect(code).toBe(2);
    expect(stderr).toContain('Meshdrop ignores Thumbs.db because of its name or folder');
  });

  test('such as two of three starts at the same time after a kill leaves the data folder to the third', async () => {
    const folder = await folderWith();
    const killed = meshdrop(serve, folder);
    await readyAddresses(join(folder, 'data'), killed);
    killed.process.kill('SIGKILL');
    await killed.ended;

    const starts = [1, 2, 3].map(() => meshdrop(serve, folder));
    const losers = await Promise.all([
      Promise.race(starts.map(({ ended }) => ended)),
      secondOf(starts.map(({ ended }) => ended)),
    ]);

    const left = starts.filter((start) => start.process.exitCode === null);
    expect(losers.map(({ code }) => code)).toEqual([2, 2]);
    expect(left).toHaveLength(1);
  });
});

/** Settles as the second of the promises to settle. */
function secondOf<T>(promises: readonly Promise<T>[]): Promise<T> {
  let count = 0;
  return new Promise((resolve) => {
    for (const promise of promises) {
      void promise.then((value) => {
        count += 1;
        if (count === 2) resolve(value);
      });
    }
  });
}
