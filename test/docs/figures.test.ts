import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readFigures, reportsOf } from '../benchmarks/report.ts';

const reports = reportsOf(await readFigures());

it.each([...reports.keys()])('%s is what npm run bench -- --write makes of docs/figures.json', async (path) => {
  const text = await readFile(join(import.meta.dirname, '..', '..', path), 'utf8');

  expect(text === reports.get(path)).toBe(true);
});
