import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { publishedSchemas } from './event-schemas.ts';
import { generatedDocuments } from './generated.ts';
import { release } from './released.ts';
import { schemaVersion } from '../../functions/contract/schemas.ts';

for (const [path, text] of generatedDocuments()) {
  const file = join(import.meta.dirname, '..', '..', path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
if (process.argv.includes('--release')) {
  await release({ version: schemaVersion, schemas: publishedSchemas() });
}
