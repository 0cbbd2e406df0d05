import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { StoredAsset } from '../contract/asset.ts';
import type { Clock } from '../platform/clock.ts';

/** Enough for the largest JSON that is read. A file crafted to need more is not validated. */
const MAX_HEAP_MEGABYTES = 80;
const MAX_MS = 60_000;

export type Report = Pick<StoredAsset, 'facts' | 'validation'>;

/**
 * Runs the Khronos validator on a GLB. Returns an empty report if the validator fails, so that a paid model is not lost.
 *
 * @param glb transferred to the thread: it cannot be used afterwards
 */
export type Validate = (glb: Uint8Array<ArrayBuffer>) => Promise<Report>;

/** The validator runs in a thread, because a crafted file can crash it or fill the memory. */
export function createValidate({ alarm }: Pick<Clock, 'alarm'>): Validate {
  return async (glb) => {
    // In the bundle, the program of the thread is beside this file, under the same name.
    const program = new URL(`./validator-thread${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(program, {
      workerData: glb,
      transferList: [glb.buffer],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEGABYTES, maxYoungGenerationSizeMb: 16 },
      stderr: true,
    });
    const late = alarm(MAX_MS, () => void worker.terminate());
    try {
      return await new Promise((resolve) => {
        worker
          .on('message', resolve)
          .on('error', () => resolve({}))
          .on('exit', () => resolve({}));
      });
    } finally {
      late.close();
      await worker.terminate();
    }
  };
}
