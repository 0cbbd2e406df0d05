import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { JsonSchema } from './event-schemas.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'events', 'released');

const schemaFile = z.record(z.string(), z.unknown()) as z.ZodType<JsonSchema>;

export interface Release {
  /** `1.0` */
  readonly version: string;
  /** Keyed by file name. */
  readonly schemas: ReadonlyMap<string, JsonSchema>;
}

/** Returns the latest released version with the same major version, or undefined. */
export async function lastReleased(schemaVersion: string): Promise<Release | undefined> {
  const [major] = schemaVersion.split('.');
  const minors = (await Array.fromAsync(glob(`${major}.*`, { cwd: folder }))).map((name) => Number(name.split('.')[1]));
  if (minors.length === 0) return undefined;
  const version = `${major}.${Math.max(...minors)}`;
  const files = await Array.fromAsync(glob('*.schema.json', { cwd: join(folder, version) }));
  const schemas = files.sort().map(async (file) => {
    const text = await readFile(join(folder, version, file), 'utf8');
    return [file.replace('.schema.json', ''), schemaFile.parse(JSON.parse(text))] as const;
  });
  return { version, schemas: new Map(await Promise.all(schemas)) };
}

/** Saves the current schemas for comparison with later ones. Never overwrites a release. */
export async function release({ version, schemas }: Release): Promise<void> {
  for (const [name, schema] of schemas) {
    const file = join(folder, version, `${name}.schema.json`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify(schema, null, 2)}\n`, { flag: 'wx' });
  }
}
