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
export type InspectImage = (request: DecodeRequest) => Promise<Decoded>;

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
  let standing: Worker | undefined;
  return async (request) => {
    for (let tries = 0; tries < TRIES; tries += 1) {
      standing ??= await startThread();
      const answer = await ask(standing, request, clock);
      const isLarge = typeof answer !== 'string' && answer.is === 'image' && pixelsOf(answer) > KEPT_AFTER_PIXELS;
      if (typeof answer === 'string' || isLarge) {
        await standing.terminate();
        standing = undefined;
      }
      if (typeof answer !== 'string') return answer;
      if (answer === 'late') break;
    }
    return { is: 'damaged' };
  };
}

function pixelsOf({ width, height }: { readonly width: number; readonly height: number }): number {
  return width * height;
}

/** In the bundle, the program of the thread is beside this file, under the same name. */
async function startThread(): Promise<Worker> {
  const program = new URL(`./decoder-thread${extname(import.meta.url)}`, import.meta.url);
  const thread = new Worker(program, { stdout: true, stderr: true });
  await once(thread, 'message');
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
