import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { generatedDocuments } from './generated.ts';

it.each([...generatedDocuments()])('%s matches the code (to update it, run npm run docs)', async (path, text) => {
  expect(await readFile(join(import.meta.dirname, '..', '..', path), 'utf8')).toBe(text);
});
