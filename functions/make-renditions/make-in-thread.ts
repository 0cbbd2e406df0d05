import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../platform/clock.ts';
import { toError } from '../platform/errors.ts';
import type { MadeRenditions, RenditionsWish } from '../renditions/make-files.ts';

/** What the thread gets. Without a file, it makes what it can of the preview. */
export interface RenditionsOrder {
  readonly glb: Uint8Array<ArrayBuffer> | undefined;
  /** Why there is no file. */
  readonly reason: string;
  readonly wish: RenditionsWish;
}

/** Makes renditions. Whatever is wrong with the file, there is an answer. */
export type Make = (order: RenditionsOrder) => Promise<MadeRenditions>;

const MAX_HEAP_MEGABYTES = 1_200;
const MAX_MS = 180_000;

/** A model is made smaller in a thread with a heap of its own, because a crafted file can fill it or never end. */
export function createMake({ alarm }: Pick<Clock, 'alarm'>): Make {
  const run = async (order: RenditionsOrder): Promise<MadeRenditions | string> => {
    // In the bundle, the program of the thread is beside this file, under the same name.
    const program = new URL(`./renditions-thread${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(program, {
      workerData: order,
      transferList: order.glb ? [order.glb.buffer] : [],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEGABYTES, maxYoungGenerationSizeMb: 64 },
      stderr: true,
    });
    let why = 'making them ended without a result';
    const late = alarm(MAX_MS, () => {
      why = `making them took longer than ${MAX_MS / 1000} seconds`;
      void worker.terminate();
    });
    try {
      return await new Promise((resolve) => {
        worker
          .on('message', resolve)
          .on('error', (error: unknown) => resolve(`making them failed: ${toError(error).message}`))
          .on('exit', () => resolve(why));
      });
    } finally {
      late.close();
      await worker.terminate();
    }
  };
  return async (order) => {
    const made = await run(order);
    if (typeof made !== 'string') return made;
    const again = await run({ ...order, glb: undefined, reason: made });
    if (typeof again !== 'string') return again;
    const missing = order.wish.names.map((role) => ({ role, reason: again }));
    return { files: [], missing, certificates: [], notes: [] };
  };
}
