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
 * The bytes are transferred: they cannot be used afterwards.
 */
export interface Validate {
  (glb: Uint8Array<ArrayBuffer>): Promise<Report>;
  /** Loads the validator, which takes about as long as to validate 10 MB. */
  readonly prepare?: () => void;
}

/** Each file is validated in a thread of its own, because a crafted file can crash it or fill the memory. */
export function createValidate({ alarm }: Pick<Clock, 'alarm'>): Validate {
  let prepared: Worker | undefined;

  /** The thread waits for a file, and does not keep the process alive. If it ends before that, another one is started. */
  function prepare(): void {
    if (prepared) return;
    const worker = startThread();
    const forget = () => {
      if (prepared === worker) prepared = undefined;
    };
    worker.on('error', forget).on('exit', forget).unref();
    prepared = worker;
  }

  async function validate(glb: Uint8Array<ArrayBuffer>): Promise<Report> {
    const worker = prepared ?? startThread();
    prepared = undefined;
    worker.ref();
    const late = alarm(MAX_MS, () => void worker.terminate());
    try {
      return await new Promise((resolve) => {
        worker
          .on('message', resolve)
          .on('error', () => resolve({}))
          .on('exit', () => resolve({}))
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origins
          .postMessage(glb, [glb.buffer]);
      });
    } finally {
      late.close();
      await worker.terminate();
    }
  }

  return Object.assign(validate, { prepare });
}

function startThread(): Worker {
  // In the bundle, the program of the thread is beside this file, under the same name.
  return new Worker(new URL(`./validator-thread${extname(import.meta.url)}`, import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEGABYTES, maxYoungGenerationSizeMb: 16 },
    stderr: true,
  });
}
