import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../platform/clock.ts';
import type { Decoded } from './decode.ts';

export interface DecodeRequest {
  readonly bytes: Uint8Array;
  /** In pixels. */
  readonly maxSide: number;
}

/** Decodes an image. The image is also `damaged` if the decoder breaks on it or takes too long. */
export interface InspectImage {
  (request: DecodeRequest): Promise<Decoded>;
  /** Loads the decoder, for example while the image is read. */
  readonly prepare?: () => void;
}

/** Images of 36 megapixels take a few seconds. */
const MAX_MS = 60_000;
/** A decoder that has read other images before may only be out of memory. */
const TRIES = 2;
/** What a decoder has once taken of the memory it never gives back, so after a larger image it ends. */
const KEPT_AFTER_PIXELS = 8_000_000;

/**
 * The decoder runs in a thread, because a crafted file can crash it or keep it busy. The thread stays for the next
 * image, and a new one takes its place if it ends.
 *
 * @returns a function that throws if the decoder does not start, which is not the image's fault
 */
export function createInspectImage(clock: Pick<Clock, 'alarm'>): InspectImage {
  let standing: Promise<Worker> | undefined;

  /** A thread that ends, or does not start, is forgotten. */
  function thread(): Promise<Worker> {
    if (standing) return standing;
    const starting = startThread();
    const forget = () => {
      if (standing === starting) standing = undefined;
    };
    void starting.then((worker) => worker.once('exit', forget), forget);
    standing = starting;
    return starting;
  }

  async function inspect(request: DecodeRequest): Promise<Decoded> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const decoder = await thread();
      const answer = await ask(decoder, request, clock);
      const isLarge = typeof answer !== 'string' && answer.is === 'image' && pixelsOf(answer) > KEPT_AFTER_PIXELS;
      if (typeof answer === 'string' || isLarge) {
        standing = undefined;
        await decoder.terminate();
      }
      if (typeof answer !== 'string') return answer;
      if (answer === 'late') break;
    }
    return { is: 'damaged' };
  }

  const prepare = () => {
    // If it does not start, the next image says so.
    thread().catch(() => undefined);
  };
  return Object.assign(inspect, { prepare });
}

function pixelsOf({ width, height }: { readonly width: number; readonly height: number }): number {
  return width * height;
}

/** In the bundle, the program of the thread is beside this file, under the same name. */
async function startThread(): Promise<Worker> {
  const program = new URL(`./decoder-thread${extname(import.meta.url)}`, import.meta.url);
  const thread = new Worker(program, { stdout: true, stderr: true });
  await once(thread, 'message');
  // It waits for an image. If it breaks before that, another thread takes its place.
  thread.on('error', () => undefined).unref();
  return thread;
}

async function ask(thread: Worker, request: DecodeRequest, { alarm }: Pick<Clock, 'alarm'>) {
  const { promise, resolve } = Promise.withResolvers<Decoded | 'broken' | 'late'>();
  const late = alarm(MAX_MS, () => resolve('late'));
  const onBroken = () => resolve('broken');
  thread.on('message', resolve).on('error', onBroken).on('exit', onBroken);
  // A thread that waits for the next image keeps no process alive.
  thread.ref();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origins
  thread.postMessage(request);
  try {
    return await promise;
  } finally {
    late.close();
    thread.off('message', resolve).off('error', onBroken).off('exit', onBroken).unref();
  }
}
