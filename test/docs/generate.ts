import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generatedDocuments } from './generated.ts';

for (const [path, text] of generatedDocuments()) {
  await writeFile(join(import.meta.dirname, '..', '..', path), text);
}
