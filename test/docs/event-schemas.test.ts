import type { ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { sampleEvents, sampleManifests, sampleRenditions } from './event-samples.ts';
import { publishedSchemas } from './event-schemas.ts';
import { publishedValidators, validatorOf } from './published-validators.ts';
import { lastReleased } from './released.ts';
import { manifestSchema, schemaVersion } from '../../functions/contract/schemas.ts';

const schemas = publishedSchemas();
const validators = publishedValidators();
const released = await lastReleased(schemaVersion);

/** `model-stored-many-files` uses the schema of `model-stored`. */
function schemaNameOf(sample: string): string {
  return [...schemas.keys()].find((name) => sample.startsWith(name)) ?? '';
}

describe('every sample', () => {
  const samples = [...sampleEvents(), ...sampleManifests(), ...sampleRenditions()];

  it.each(samples)('matches its schema in an independent validator: %s', (name, sample) => {
    const validate = validators.get(schemaNameOf(name));

    expect(errorsOf(validate, sample)).toEqual([]);
  });

  it.each(samples)('matches the last released schema: %s', (name, sample) => {
    const validate = validatorOf(released?.schemas.get(schemaNameOf(name)) ?? {});

    expect(errorsOf(validate, sample)).toEqual([]);
  });

  it('is what the code creates, including manifests', () => {
    for (const manifest of sampleManifests().values()) expect(manifestSchema.parse(manifest)).toEqual(manifest);
  });
});

function errorsOf(validate: ValidateFunction | undefined, value: unknown): readonly string[] {
  if (!validate) return ['there is no schema'];
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
