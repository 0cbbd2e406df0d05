import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createAccessLog } from '../../../local/runs/access-log.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const read = { action: 's3:GetObject', resource: 'arn:aws:s3:::models/runs/oak.json' };

it('each use of a permission is written once, and each denied call every time', async () => {
  const file = join(await temporaryFolder(), 'access.jsonl');
  const log = createAccessLog(file);
  log('CheckJob', read, 'arn:aws:s3:::models/runs/*');
  log('CheckJob', { ...read, resource: 'arn:aws:s3:::models/runs/elm.json' }, 'arn:aws:s3:::models/runs/*');
  log('Sweep', read, undefined);
  log('Sweep', read, undefined);

  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');

  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { function: 'CheckJob', ...read, grant: 'arn:aws:s3:::models/runs/*' },
    { function: 'Sweep', ...read, grant: null },
    { function: 'Sweep', ...read, grant: null },
  ]);
});

it('a call goes on if nothing can be written, and is written as soon as it can', async () => {
  const folder = join(await temporaryFolder(), 'later');
  const file = join(folder, 'access.jsonl');
  const log = createAccessLog(file);

  expect(() => log('CheckJob', read, '*')).not.toThrow();
  await mkdir(folder);
  log('CheckJob', read, '*');

  expect(await readFile(file, 'utf8')).toContain('GetObject');
});
