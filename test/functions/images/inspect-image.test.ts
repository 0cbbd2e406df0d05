import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Worker } from 'node:worker_threads';
import { createInspectImage } from '../../../functions/images/inspect-image.ts';
import { systemClock } from '../../../functions/platform/clock.ts';
import { createRandom } from '../../simulation/world/random.ts';
import { inspectHere } from '../inspect-here.ts';

/** The same in each run: half a progressive JPEG is a whole one if it happens to end between two scans. */
const random = createRandom(1);
const noise = (width: number, height: number) => {
  const pixels = Uint8Array.from({ length: width * height * 3 }, () => 98 + 60 * random());
  return sharp(pixels, { raw: { width, height, channels: 3 } });
};
const png = await noise(300, 200).png().toBuffer();
const jpeg = await noise(300, 200).jpeg().toBuffer();
const webp = await noise(300, 200).webp().toBuffer();

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}

const AFTER_HEADER = 33;

function pngWith(...chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([png.subarray(0, AFTER_HEADER), ...chunks, png.subarray(AFTER_HEADER)]);
}

function changed(bytes: Buffer, at: number, change: (byte: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = change(copy[at] ?? 0);
  return copy;
}

const flip = (byte: number) => byte ^ 0xff;

/** Puts bytes between the first two segments of the JPEG. */
function jpegWith(bytes: Buffer, at = 2): Buffer {
  return Buffer.concat([jpeg.subarray(0, at), bytes, jpeg.subarray(at)]);
}

const thumbnail = Buffer.concat([await noise(20, 20).jpeg().toBuffer(), Buffer.alloc(2_048)]).subarray(0, 2_048);
const withThumbnail = jpegWith(Buffer.concat([Buffer.from('ffe10802', 'hex'), thumbnail]));
const other = {
  lossless: await noise(300, 200).webp({ lossless: true }).toBuffer(),
  progressive: await noise(300, 200).jpeg({ progressive: true }).toBuffer(),
  cmyk: await noise(300, 200).toColourspace('cmyk').jpeg().toBuffer(),
  gray: await noise(300, 200).grayscale().jpeg().toBuffer(),
  interlaced: await noise(300, 200).png({ progressive: true }).toBuffer(),
  palette: await noise(300, 200).png({ palette: true }).toBuffer(),
  deep: await noise(300, 200).toColourspace('rgb16').png().toBuffer(),
};

const middle = Math.floor(png.length / 2);
const halfOf = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);
const app1 = jpeg.readUInt16BE(4);

async function header(width: number, height: number): Promise<Buffer> {
  const copy = Buffer.from(png);
  copy.writeUInt32BE(width, 16);
  copy.writeUInt32BE(height, 20);
  copy.writeUInt32BE(crc32(copy.subarray(12, 29)), 29);
  return copy;
}

const look = (bytes: Uint8Array) => inspectHere({ bytes, maxSide: 6_000 });

describe('an image that everybody can read', () => {
  it.each([
    ['a PNG', png],
    ['a JPEG', jpeg],
    ['a WebP', webp],
    ['a lossless WebP', other.lossless],
    ['a progressive JPEG', other.progressive],
    ['a CMYK JPEG', other.cmyk],
    ['a gray JPEG', other.gray],
    ['an interlaced PNG', other.interlaced],
    ['a PNG with a palette', other.palette],
    ['a PNG of 16 bits', other.deep],
    ['a JPEG without its end marker', jpeg.subarray(0, -2)],
    ['a JPEG with fill bytes before a marker', jpegWith(Buffer.from('ffff', 'hex'))],
    ['a JPEG with stray bytes between segments', jpegWith(Buffer.from('0001020304', 'hex'), 4 + app1)],
    ['a JPEG with an empty Exif segment', jpegWith(Buffer.from('ffe10002', 'hex'))],
    ['a JPEG with a film behind it', Buffer.concat([jpeg, Buffer.alloc(5_000, 'mdat')])],
    ['a PNG with something behind it', Buffer.concat([png, Buffer.from('\r\n')])],
    ['a PNG without its last chunk', png.subarray(0, -12)],
    ['a WebP with something behind it', Buffer.concat([webp, Buffer.from('\n')])],
    ['a PNG with a damaged text', changed(pngWith(chunk('tEXt', Buffer.from('a\0b'))), AFTER_HEADER + 12, flip)],
    [
      'a PNG with a color profile that is none',
      pngWith(chunk('iCCP', Buffer.concat([Buffer.from('x\0\0'), deflateSync(Buffer.alloc(9))]))),
    ],
  ])('is one: %s', async (_, bytes) => {
    expect(await look(bytes)).toEqual({ is: 'image', width: 300, height: 200 });
  });

  it('has the size of its pixels as they are stored, before any rotation', async () => {
    const turned = await noise(300, 200).jpeg().withMetadata({ orientation: 6 }).toBuffer();

    expect(await look(turned)).toEqual({ is: 'image', width: 300, height: 200 });
  });
});

describe('an image that ends in the middle', () => {
  it.each([
    ['half a PNG', halfOf(png)],
    ['half a JPEG', halfOf(jpeg)],
    ['half a progressive JPEG', halfOf(other.progressive)],
    ['half a JPEG with a thumbnail', halfOf(withThumbnail)],
    ['half a WebP', halfOf(webp)],
    ['the signature of a PNG', png.subarray(0, 8)],
    ['24 bytes of a PNG', png.subarray(0, 24)],
    ['the header of a PNG', png.subarray(0, AFTER_HEADER)],
    ['three bytes of a JPEG', jpeg.subarray(0, 3)],
    ['the header of a WebP', webp.subarray(0, 20)],
  ])('is incomplete: %s', async (_, bytes) => {
    expect(await look(bytes)).toEqual({ is: 'incomplete' });
  });
});

describe('an image that no decoder reads', () => {
  it.each([
    ['a PNG whose header has a wrong checksum', changed(png, 29, flip)],
    ['a PNG whose pixels are destroyed', changed(png, middle, flip)],
    [
      'a JPEG without its frame',
      Buffer.concat([jpeg.subarray(0, 4 + app1), jpeg.subarray(jpeg.indexOf(Buffer.from('ffda', 'hex')))]),
    ],
  ])('is damaged: %s', async (_, bytes) => {
    expect(await look(bytes)).toEqual({ is: 'damaged' });
  });

  it('is told by its name if it is coded arithmetically', async () => {
    const frame = jpeg.indexOf(Buffer.from('ffc0', 'hex'));

    expect(await look(changed(jpeg, frame + 1, () => 0xc9))).toEqual({ is: 'arithmetic' });
  });
});

describe('an image that would fill the memory', () => {
  it.each([
    [16_000, 16_000],
    [65_535, 65_535],
    [2 ** 31, 2 ** 31],
    [6_001, 20],
  ])('is not decoded: %d × %d', async (width, height) => {
    expect(await look(await header(width, height))).toEqual({ is: 'image', width, height });
  });

  it('is decoded without its texts, which would', async () => {
    const text = chunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(Buffer.alloc(50_000_000, 'A'))]));
    const before = process.memoryUsage().rss;

    expect(await look(pngWith(...Array.from({ length: 40 }, () => text)))).toMatchObject({ is: 'image' });

    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  });
});

describe('the thread of the decoder', () => {
  it('decodes one image after the other, and is replaced after a large one', async () => {
    const inspect = createInspectImage(systemClock);
    const large = await sharp({ create: { width: 3_600, height: 2_600, channels: 3, background: 'white' } })
      .png()
      .toBuffer();

    for (const bytes of [png, halfOf(png), large, jpeg])
      expect(await inspect({ bytes, maxSide: 6_000 })).toEqual(await look(bytes));
  });

  it('can be loaded before there is an image, also more than once', async () => {
    const inspect = createInspectImage(systemClock);
    inspect.prepare?.();
    inspect.prepare?.();

    expect(await inspect({ bytes: png, maxSide: 6_000 })).toEqual(await look(png));
  });

  it('is replaced if it ends while it waits for an image', async () => {
    const inspect = createInspectImage(systemClock);
    const began: Worker[] = [];
    const onWorker = (worker: Worker) => void began.push(worker);
    process.on('worker', onWorker);
    onTestFinished(() => void process.off('worker', onWorker));
    await inspect({ bytes: png, maxSide: 6_000 });
    await began[0]?.terminate();

    expect(await inspect({ bytes: jpeg, maxSide: 6_000 })).toEqual(await look(jpeg));
    expect(began).toHaveLength(2);
  });

  it('is ended if it takes too long', async () => {
    const clock = {
      alarm: (_: number, ring: () => void) => (queueMicrotask(ring), { refresh: ring, close: () => undefined }),
    };

    expect(await createInspectImage(clock)({ bytes: png, maxSide: 6_000 })).toEqual({ is: 'damaged' });
  });
});
