import { describe, expect, it } from 'vitest';
import { breaksIn } from './compatibility.ts';
import { type JsonSchema, publishedSchemas } from './event-schemas.ts';
import { lastReleased } from './released.ts';
import { schemaVersion } from '../../functions/contract/schemas.ts';

const schemas = publishedSchemas();
const released = await lastReleased(schemaVersion);

const RULES = `Consumers rely on it (docs/events.md, "Versions"). Keep the field as it was and add a new one beside it;
or, if it has to be, raise schemaVersion (functions/contract/schemas.ts) to the next major version and announce it.`;

const RAISE = `This is not what was released under its version. Raise schemaVersion (functions/contract/schemas.ts) to the next
minor version, then npm run docs -- --release.`;

describe('the schemas', () => {
  it('were released before', () => {
    expect([...(released?.schemas.keys() ?? [])].sort()).toEqual([...schemas.keys()].sort());
  });

  it.each([...schemas])('break no consumer of the last released version: %s', (name, current) => {
    const broken = breaksIn(released?.schemas.get(name) ?? {}, current, name);

    expect(broken.length === 0 ? '' : `${broken.join('\n')}\n\n${RULES}`).toBe('');
  });

  it.each([...schemas])('that have changed since have a new minor version: %s', (name, current) => {
    const before = JSON.stringify(withoutWords(released?.schemas.get(name) ?? {}));
    const isSame = before === JSON.stringify(withoutWords(current));

    expect(isSame || released?.version !== schemaVersion ? '' : `${name}\n\n${RAISE}`).toBe('');
  });
});

/** A better description is no new version. */
function withoutWords(schema: JsonSchema): unknown {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    (key === 'description' || key === 'title') && typeof value === 'string' ? undefined : value,
  );
}
