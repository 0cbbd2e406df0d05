// oxlint-disable-next-line typescript/triple-slash-reference -- a project that compiles the construct finds these types only by this reference
/// <reference path="./gltf-validator.d.ts" />
import { parentPort, Worker, workerData } from 'node:worker_threads';
import * as z from 'zod';
import type { StoredAsset } from '../contract/asset.ts';
import type { Clock } from '../platform/clock.ts';
import { infoSchema, toFacts } from './glb-facts.ts';
import { readGlbJson } from './glb-stream.ts';

/** Enough for the largest JSON that is read. A file crafted to need more is not validated. */
const MAX_HEAP_MEGABYTES = 80;
const MAX_MS = 60_000;
const MAX_MESSAGES = 10;
const ERROR = 0;

type Report = Pick<StoredAsset, 'facts' | 'validation'>;

/**
 * Runs the Khronos validator on a GLB. Returns an empty report if the validator fails, so that a paid model is not lost.
 *
 * @param glb transferred to the thread: it cannot be used afterwards
 */
export type Validate = (glb: Uint8Array<ArrayBuffer>) => Promise<Report>;

/** The validator runs in a thread, because a crafted file can crash it or fill the memory. */
export function createValidate({ alarm }: Pick<Clock, 'alarm'>): Validate {
  return async (glb) => {
    const worker = new Worker(new URL(import.meta.url), {
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

const reportSchema = z.object({
  // Invalid counts cost only the facts, never the errors.
  info: infoSchema.optional().catch(undefined),
  issues: z.object({
    numErrors: z.number(),
    numWarnings: z.number(),
    messages: z.array(
      z.object({ code: z.string(), message: z.string(), severity: z.number(), pointer: z.string().default('') }),
    ),
  }),
});

async function validate(glb: Uint8Array): Promise<Report> {
  const { validateBytes } = await import('gltf-validator');
  const { info, issues } = reportSchema.parse(await validateBytes(glb, { format: 'glb', maxIssues: 1_000 }));
  const errors = issues.messages.filter(({ severity }) => severity === ERROR);
  return {
    facts: info && toFacts(info, readGlbJson(glb)),
    validation: {
      errors: issues.numErrors,
      warnings: issues.numWarnings,
      messages: errors
        .slice(0, MAX_MESSAGES)
        .map(({ code, pointer, message }) => `${code} ${pointer}: ${message}`.slice(0, 300)),
    },
  };
}

// This file is also the thread's program. In the bundle, the thread loads the whole function, which does no harm.
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
if (workerData instanceof Uint8Array) parentPort?.postMessage(await validate(workerData));
