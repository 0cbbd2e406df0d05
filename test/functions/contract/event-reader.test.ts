import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { publishedValidators } from '../../docs/published-validators.ts';
import { sampleEvents, sampleManifests } from '../../docs/event-samples.ts';
import { LATER, type Mutation, mutationsOf } from './event-mutations.ts';
import {
  isModelFailed,
  isModelStored,
  isRenditionsStored,
  isUploadRejected,
  type ModelFailed,
  type ModelStored,
  NotMeshdropEventError,
  parse,
  parseManifest,
  type RenditionsStored,
  type UploadRejected,
} from '../../../functions/contract/event-reader.ts';
import { eventSchemas, eventSource, type Manifest, type manifestSchema } from '../../../functions/contract/schemas.ts';

const samples = [...sampleEvents()];
const validators = publishedValidators();

/** What schemas.ts accepts, in the envelope of EventBridge. */
const written = z.discriminatedUnion('detail-type', [
  z.object({ 'detail-type': z.literal('Model Stored'), detail: eventSchemas['Model Stored'] }),
  z.object({ 'detail-type': z.literal('Model Failed'), detail: eventSchemas['Model Failed'] }),
  z.object({ 'detail-type': z.literal('Upload Rejected'), detail: eventSchemas['Upload Rejected'] }),
  z.object({ 'detail-type': z.literal('Renditions Stored'), detail: eventSchemas['Renditions Stored'] }),
]);
const fromUs = z.object({ source: z.literal(eventSource) }).and(written);

function isRead(event: unknown): boolean {
  try {
    parse(event);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(NotMeshdropEventError);
    return false;
  }
}

function isPublished(event: unknown): boolean {
  return ['model-stored', 'model-failed', 'upload-rejected', 'renditions-stored'].some((name) =>
    validators.get(name)?.(event),
  );
}

/** What this version never writes but a later minor version may: more fields, more words, other parameters. */
function isForLater({ at, value, what }: Mutation): boolean {
  if (what.includes(LATER)) return true;
  if (/(\.role|\.code)$/.test(at)) return typeof value === 'string';
  if (at.includes('.parameters')) return true;
  if (at.endsWith('.schemaVersion')) return value === '1.7';
  // A failed run with the detail-type of a rejected one differs only by its job, an unknown field.
  if (at === '.detail-type') return value === 'Upload Rejected';
  // An object whose fields are all optional accepts any other object.
  return typeof value === 'object' && value !== null && 'later' in value;
}

describe.each(samples)('the sample %s', (_, sample) => {
  it('is read, and fits its published schema and schemas.ts', () => {
    expect(parse(sample)).toBe(sample);
    expect(isPublished(sample)).toBe(true);
    expect(fromUs.safeParse(sample).success).toBe(true);
  });

  it('is read or refused after any change, exactly as by the published schema', () => {
    const differing = [...mutationsOf(sample)].filter(({ event }) => isRead(event) !== isPublished(event));

    expect(differing.map(({ at, what }) => `event${at} ${what}`)).toEqual([]);
  });

  it('is refused after any change that schemas.ts refuses, except for what later versions may add', () => {
    const mutations = [...mutationsOf(sample)].filter((mutation) => !isForLater(mutation));
    const differing = mutations.filter(({ event }) => isRead(event) !== fromUs.safeParse(event).success);

    expect(mutations.length).toBeGreaterThan(300);
    expect(differing.map(({ at, what }) => `event${at} ${what}`)).toEqual([]);
  });

  it('is read with an additional field in any place', () => {
    const more = [...mutationsOf(sample)].filter(({ at, what }) => what.includes(LATER) && !at.includes('.parameters'));

    expect(more.length).toBeGreaterThan(5);
    expect(more.filter(({ event }) => !isRead(event)).map(({ at }) => at)).toEqual([]);
  });
});

describe('an error message', () => {
  const stored = sampleEvents().get('model-stored');
  const changedAt = (place: string, how: string) =>
    [...mutationsOf(stored)].find(({ at, what }) => at === place && what === how)?.event;

  it.each([
    ['.detail.data.assets[0].sha256', 'is removed', 'event.detail.data.assets[0].sha256 is missing', 'malformed'],
    [
      '.detail.data.assets[1].bytes',
      'is 1.5',
      'event.detail.data.assets[1].bytes is 1.5, not a whole number of at least 1',
      'malformed',
    ],
    ['.source', 'is "other"', 'event.source is "other", not "meshdrop"', 'not-ours'],
    [
      '.detail-type',
      'is "Model Removed"',
      'event.detail-type is "Model Removed", which this version does not know',
      'unknown-type',
    ],
    [
      '.detail.metadata.schemaVersion',
      'is "2.0"',
      'event.detail.metadata.schemaVersion is "2.0", not 1.x',
      'unknown-version',
    ],
    ['', 'is null', 'event is null, not an object', 'malformed'],
  ])('says that event%s %s', (at, how, message, code) => {
    expect(() => parse(changedAt(at, how))).toThrow(expect.objectContaining({ message, code }) as Error);
  });

  it('is one short line, even for a huge value', () => {
    const sent = { source: 'meshdrop', 'detail-type': `Model\n\u001b[31m${'x'.repeat(1_000_000)}` };
    const message = String.raw`event.detail-type is "Model\n\u001b[31m${'x'.repeat(49)}", which this version does not know`;

    expect(() => parse(sent)).toThrow(expect.objectContaining({ message }) as Error);
  });
});

describe('the manifest', () => {
  const manifests = [...sampleManifests()];

  it.each(manifests)('of the sample %s is read, also with an additional field', (_, manifest) => {
    expect(parseManifest(manifest)).toBe(manifest);
    for (const { at, what, event } of mutationsOf(manifest))
      if (what.includes(LATER) && !at.includes('.parameters')) parseManifest(event);
  });

  it.each(manifests)('of the sample %s is refused without a field that every manifest has', (_, manifest) => {
    const removed = [...mutationsOf(manifest)].filter(({ what }) => what === 'is removed');
    const refused = removed.filter(({ event }) => !isManifest(event)).map(({ at }) => at);

    expect(refused).toEqual(
      expect.arrayContaining([
        '.schemaVersion',
        '.status',
        '.runId',
        '.finishedAt',
        '.upload',
        '.upload.key',
        '.model.id',
        '.assets',
      ]),
    );
    const published = removed.filter(({ event }) => !isManifest(event) && validators.get('manifest')?.(event));
    expect(published.map(({ at }) => at)).toEqual([]);
  });

  it('has a type that accepts everything we write', () => {
    expectTypeOf<z.infer<typeof manifestSchema>>().toExtend<Manifest>();
  });
});

function isManifest(manifest: unknown): boolean {
  try {
    parseManifest(manifest);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(NotMeshdropEventError);
    return false;
  }
}

describe('the guards', () => {
  const byName = sampleEvents();

  it.each([
    ['isModelStored', isModelStored, 'model-stored'],
    ['isModelFailed', isModelFailed, 'model-failed'],
    ['isUploadRejected', isUploadRejected, 'upload-rejected'],
    ['isRenditionsStored', isRenditionsStored, 'renditions-stored'],
  ] as const)('%s is true only for its own event', (_, guard, name) => {
    expect([...byName].filter(([, event]) => guard(event)).map(([sample]) => sample)).toEqual(
      [...byName.keys()].filter((sample) => sample.startsWith(name)),
    );
    expect(guard(undefined)).toBe(false);
  });
});

describe('the types', () => {
  it('accept everything that fits schemas.ts', () => {
    type Written<Type extends keyof typeof eventSchemas> = z.infer<(typeof eventSchemas)[Type]>;

    expectTypeOf<Written<'Model Stored'>>().toExtend<ModelStored['detail']>();
    expectTypeOf<Written<'Model Failed'>>().toExtend<ModelFailed['detail']>();
    expectTypeOf<Written<'Upload Rejected'>>().toExtend<UploadRejected['detail']>();
    expectTypeOf<Written<'Renditions Stored'>>().toExtend<RenditionsStored['detail']>();
  });
});

it('imports nothing, so that it can be published alone', () => {
  const file = join(import.meta.dirname, '..', '..', '..', 'functions', 'contract', 'event-reader.ts');

  expect(readFileSync(file, 'utf8')).not.toMatch(/^(import|export .* from)\b|\bimport\(/m);
});
