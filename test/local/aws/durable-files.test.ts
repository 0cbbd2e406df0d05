import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createMemoryFiles, openDurableFiles } from '../../../local/aws/durable-files.ts';
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
