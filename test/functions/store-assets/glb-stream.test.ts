import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GlbStream } from '../../../functions/store-assets/glb-stream.ts';
import { glb, glbOf } from './glb.ts';

function problemOf(...pieces: readonly Uint8Array[]): string | undefined {
  const stream = new GlbStream(Buffer.concat(pieces).subarray(0, 1_024));
  for (const piece of pieces) stream.update(piece);
  return stream.findProblem()?.message;
}

function unreadable(bytes: Buffer): Buffer {
  bytes.write('[]', 20);
  return bytes;
}

describe('a whole GLB', () => {
  it('has no problem, wherever it is split in two', () => {
    const bytes = glb([8, 16, 0, 4]);

    for (let at = 0; at <= bytes.length; at += 1)
      expect(problemOf(bytes.subarray(0, at), bytes.subarray(at)), `split at ${at}`).toBeUndefined();
  });

  it('has no problem byte by byte', () => {
    expect(problemOf(...Array.from(glb(), (byte) => Uint8Array.of(byte)))).toBeUndefined();
  });

  it.each([
    ['zeros after its JSON', '{}\0\0'],
    ['a byte-order mark before it', '\uFEFF{}   '],
  ])('has no problem with %s: it is paid, and others read it', (_, json) => {
    expect(problemOf(glbOf(json))).toBeUndefined();
  });

  it('has no problem in any pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 5 }), fc.array(fc.integer({ min: 0, max: 9 })), (chunks, cuts) => {
        let rest = glb([8, ...chunks]);
        const pieces = cuts.map((cut) => {
          const piece = rest.subarray(0, cut);
          rest = rest.subarray(cut);
          return piece;
        });
        expect(problemOf(...pieces, rest)).toBeUndefined();
      }),
    );
  });
});

describe('a GLB that was kept', () => {
  it('is the same bytes, whatever pieces they came in', () => {
    const bytes = glb([8, 16, 0, 4]);
    const stream = new GlbStream(bytes);
    for (const byte of bytes) stream.update(Uint8Array.of(byte));

    expect(Buffer.from(stream.whole() ?? [])).toEqual(bytes);
  });

  it.each([
    ['its JSON is longer than is read', glb([512 * 1024 + 4, 8])],
    ['it is larger than the validator is given', glb([8, 64_000_000])],
  ])('is not given on when %s', (_, bytes) => {
    const stream = new GlbStream(bytes.subarray(0, 1_024));
    stream.update(bytes);

    expect(stream.findProblem()).toBeUndefined();
    expect(stream.whole()).toBeUndefined();
  });
});

describe('a GLB that does not add up', () => {
  it('is told wherever it breaks off', () => {
    const bytes = glb([8, 16]);

    for (let at = 0; at < bytes.length; at += 1)
      expect(problemOf(bytes.subarray(0, at)), `cut at ${at}`).toBeTypeOf('string');
  });

  it.each([
    ['says that it is longer', glb([8], { declared: 40 })],
    ['says that it is shorter', glb([8, 16], { declared: 30 })],
    ['says that it is empty', glb([8], { declared: 0 })],
    ['is of version 1', glb([8], { version: 1 })],
    [
      'has a chunk beyond its end',
      Buffer.concat([glb([8, 4]).subarray(0, 28), Buffer.from([255, 0, 0, 0, 66, 73, 78, 0, 1, 1, 1, 1])]),
    ],
    [
      'has a chunk of 4 GB',
      Buffer.concat([glb([8, 4]).subarray(0, 28), Buffer.from([255, 255, 255, 255, 66, 73, 78, 0, 1, 1, 1, 1])]),
    ],
    ['has no JSON, large as it is', unreadable(glb([8, 64_000_000]))],
    ['has half a chunk header at its end', glb([8], { declared: 32 }).subarray(0, 28)],
  ])('because it %s is told', (_, bytes) => {
    expect(problemOf(bytes)).toBeTypeOf('string');
  });
});

it('counts the bytes that follow after the end of a GLB, which are no problem', () => {
  const stream = new GlbStream(glb());
  stream.update(glb());
  stream.update(Buffer.alloc(4));

  expect(stream.findProblem()).toBeUndefined();
  expect(stream.trailingBytes).toBe(4);
  expect(Buffer.from(stream.whole() ?? [])).toEqual(glb());
});
