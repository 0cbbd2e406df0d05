import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { checkStrictly, readTolerantly, schemaVersion1 } from '../../../functions/platform/documents.ts';
import { recordSchema } from '../../../functions/run/record.ts';
import { claimedRecord, storedRecord } from '../records.ts';

const chairSchema = z.strictObject({
  schemaVersion: schemaVersion1,
  legs: z.number(),
  wood: z.strictObject({ kind: z.string() }).optional(),
  parts: z.array(z.strictObject({ name: z.string() })).optional(),
});
type Chair = z.infer<typeof chairSchema>;

const chair: Chair = {
  schemaVersion: '1.0',
  legs: 4,
  wood: { kind: 'oak' },
  parts: [{ name: 'seat' }, { name: 'back' }],
};

/** As a newer minor version would write it: with more fields at every level. */
const newer = {
  ...chair,
  schemaVersion: '1.7',
  colour: 'red',
  wood: { kind: 'oak', rings: 80 },
  parts: [{ name: 'seat', size: [1, 2] }, { name: 'back' }],
};

describe('a tolerant read', () => {
  it('understands a document of this version', () => {
    expect(readTolerantly(chairSchema, chair)).toEqual(chair);
  });

  it('keeps the fields that it does not know, nested ones too', () => {
    expect(readTolerantly(chairSchema, newer)).toEqual(newer);
  });

  it.each([
    ['nothing', undefined],
    ['text', 'a chair'],
    ['a document without its version', { legs: 4 }],
    ['another major version', { ...chair, schemaVersion: '2.0' }],
    ['a major version that only begins with a 1', { ...chair, schemaVersion: '10.0' }],
    ['a version without a minor one', { ...chair, schemaVersion: '1' }],
    ['a version that is a number', { ...chair, schemaVersion: 1 }],
    ['a field that is missing', { schemaVersion: '1.0' }],
    ['a field of another type', { ...chair, legs: 'four' }],
    ['a wrong field beside an unknown one', { ...newer, legs: 'four' }],
    ['a wrong field deep within', { ...newer, parts: [{ name: 5, size: [1, 2] }] }],
  ])('does not understand %s', (_, value) => {
    expect(readTolerantly(chairSchema, value)).toBeUndefined();
  });

  it('does not understand a record in an unknown phase', () => {
    expect(readTolerantly(recordSchema, { ...claimedRecord(), phase: 'paused' })).toBeUndefined();
    expect(readTolerantly(recordSchema, { ...claimedRecord(), phase: undefined })).toBeUndefined();
  });

  it('does not understand a record of another major version', () => {
    expect(readTolerantly(recordSchema, { ...storedRecord(), schemaVersion: '2.0' })).toBeUndefined();
  });
});

describe('a strict write', () => {
  it('gives the document as JSON stores it', () => {
    expect(checkStrictly(chairSchema, { ...chair, wood: undefined })).toStrictEqual({
      schemaVersion: '1.0',
      legs: 4,
      parts: chair.parts,
    });
  });

  it('keeps the unknown fields of the document that it replaces, nested ones too', () => {
    const changed = { ...newer, legs: 3 };

    expect(checkStrictly<Chair>(chairSchema, changed, newer)).toEqual(changed);
  });

  it.each([
    ['of the document', { colour: 'red' }],
    ['in an object', { wood: { kind: 'oak', rings: 80 } }],
    ['in a list', { parts: [{ name: 'seat', size: [1, 2] }] }],
  ])('refuses an unknown field %s that the replaced document does not have', (_, more) => {
    const changed: Chair = { ...chair, ...more };

    expect(() => checkStrictly(chairSchema, changed, chair)).toThrow(/must not be written like this/);
    expect(() => checkStrictly(chairSchema, changed)).toThrow(/must not be written like this/);
  });

  it('refuses a new unknown field beside one that may stay', () => {
    const changed = { ...newer, weight: 5 };

    expect(() => checkStrictly<Chair>(chairSchema, changed, newer)).toThrow(/weight/);
  });

  it('refuses an unknown field in another part than the one that has it in the replaced document', () => {
    const changed: Chair = { ...newer, wood: Object.assign({ kind: 'oak' }, { colour: 'red' }) };

    expect(() => checkStrictly<Chair>(chairSchema, changed, newer)).toThrow(/colour/);
  });

  it('refuses what the schema refuses, and names it', () => {
    expect(() => checkStrictly(chairSchema, { ...chair, legs: Number.NaN }, chair)).toThrow(/legs/);
  });

  it('does not take a text in the replaced document for a field', () => {
    const told: Chair = { ...chair, wood: { kind: '{"colour":"red"}' } };
    const changed = { ...told, colour: 'red' };

    expect(() => checkStrictly<Chair>(chairSchema, changed, told)).toThrow(/colour/);
  });
});
