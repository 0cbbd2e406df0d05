import { describe, expect, it } from 'vitest';
import { breaksIn } from './compatibility.ts';
import { type JsonSchema, publishedSchemas } from './event-schemas.ts';
import { lastReleased } from './released.ts';
import { schemaVersion } from '../../functions/contract/schemas.ts';

const schemas = publishedSchemas();
const released = await lastReleased(schemaVersion);

const RULES = `Consumers rely on it (docs/events.md, "Versions"). Keep the field unchanged and add a new one;
or, if you must change it, raise schemaVersion (functions/contract/schemas.ts) to the next major version and announce it.`;

const RAISE = `The schema differs from the one released under this version. Raise schemaVersion (functions/contract/schemas.ts) to the next
minor version, then run npm run docs -- --release.`;

describe('the schemas', () => {
  it('have an earlier release', () => {
    expect([...(released?.schemas.keys() ?? [])].sort()).toEqual([...schemas.keys()].sort());
  });

  it.each([...schemas])('are compatible with the last released version: %s', (name, current) => {
    const broken = breaksIn(released?.schemas.get(name) ?? {}, current, name);

    expect(broken.length === 0 ? '' : `${broken.join('\n')}\n\n${RULES}`).toBe('');
  });

  it.each([...schemas])('have a new minor version if they have changed: %s', (name, current) => {
    const before = JSON.stringify(withoutWords(released?.schemas.get(name) ?? {}));
    const isSame = before === JSON.stringify(withoutWords(current));

    expect(isSame || released?.version !== schemaVersion ? '' : `${name}\n\n${RAISE}`).toBe('');
  });
});

/** Removes descriptions, which can change without a new version. */
function withoutWords(schema: JsonSchema): unknown {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    (key === 'description' || key === 'title') && typeof value === 'string' ? undefined : value,
  );
}
