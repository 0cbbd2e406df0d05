import { execFileSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createMemoryFiles, openDurableFiles } from '../../../local/files/durable-files.ts';
import { temporaryFolder } from '../temporary-folder.ts';

test.each([
  ['in a folder', async () => openDurableFiles(await temporaryFolder())],
  ['in memory', () => Promise.resolve(createMemoryFiles())],
])('documents %s have their last content, and removed ones are gone', async (_, open) => {
  const files = await open();
  await files.write('oak', { height: 1 });
  await files.write('oak', { height: 2 });
  await files.write('elm', [1, 'two']);
  await files.write('ash', {});
  await files.remove('ash');

  const documents = await files.readAll();

  expect(Object.fromEntries(documents)).toEqual({ oak: { height: 2 }, elm: [1, 'two'] });
});

test('the partial file of a killed process is not a document', async () => {
  const folder = await temporaryFolder();
  await (await openDurableFiles(folder)).write('oak', { height: 1 });
  await writeFile(join(folder, 'elm.json.123.4'), '{"hei');

  const reopened = await openDurableFiles(folder);

  expect([...(await reopened.readAll()).keys()]).toEqual(['oak']);
});

async function openMany(count: number) {
  const folder = await temporaryFolder();
  const files = await openDurableFiles(folder);
  for (let n = 0; n < count; n += 1) await files.write(`oak-${n}`, { n });
  return { folder, reopen: () => openDurableFiles(folder) };
}

test('a start puts many documents together in one file, and the next one reads them there', async () => {
  const { folder, reopen } = await openMany(100);

  await (await reopen()).readAll();
  const documents = await (await reopen()).readAll();

  expect(await readdir(folder)).toEqual(['all.archive']);
  expect([...documents]).toHaveLength(100);
  expect(documents.get('oak-42')).toEqual({ n: 42 });
});

test('a document that was put together can be replaced and removed, also over later starts', async () => {
  const { reopen } = await openMany(100);
  const files = await reopen();
  await files.readAll();
  await files.write('oak-1', { n: 'new' });
  await files.remove('oak-2');
  for (let n = 100; n < 200; n += 1) await files.write(`oak-${n}`, { n });

  const second = await reopen();
  const documents = await second.readAll();
  await second.write('oak-2', { n: 'again' });
  const third = await (await reopen()).readAll();

  expect(documents.get('oak-1')).toEqual({ n: 'new' });
  expect(documents.has('oak-2')).toBe(false);
  expect(documents.size).toBe(199);
  expect(third.get('oak-2')).toEqual({ n: 'again' });
});

test('a crash after the documents were put together, before their files are gone, loses nothing', async () => {
  const { folder, reopen } = await openMany(100);
  await (await reopen()).readAll();
  await writeFile(join(folder, 'oak-3.json'), '{"n":3}');
  await writeFile(join(folder, 'all.archive.12.3'), '{"oak-');

  const documents = await (await reopen()).readAll();

  expect(documents.size).toBe(100);
  expect(documents.get('oak-3')).toEqual({ n: 3 });
});

test('a damaged archive is named', async () => {
  const { folder, reopen } = await openMany(100);
  await (await reopen()).readAll();
  await writeFile(join(folder, 'all.archive'), '[1');

  await expect((await reopen()).readAll()).rejects.toThrow(/all\.archive/);
});

test('a start reads more documents than the process can open at once', async () => {
  const folder = await temporaryFolder();
  for (let n = 0; n < 300; n += 1) await writeFile(join(folder, `oak-${n}.json`), '{}');
  const program = `
    import { openDurableFiles } from ${JSON.stringify(join(import.meta.dirname, '../../../local/files/durable-files.ts'))};
    console.log((await (await openDurableFiles(${JSON.stringify(folder)})).readAll()).size);`;

  // Node.js raises the soft limit to the hard one, so both are set.
  const run = ['-c', 'ulimit -n 100 && exec "$0" --input-type=module -e "$1"', process.execPath, program];

  expect(execFileSync('sh', run, { encoding: 'utf8' }).trim()).toBe('300');
});
