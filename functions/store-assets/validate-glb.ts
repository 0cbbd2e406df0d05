// oxlint-disable-next-line typescript/triple-slash-reference -- whoever compiles the construct from elsewhere finds these types by it alone
/// <reference path="./gltf-validator.d.ts" />
import { parentPort, Worker, workerData } from 'node:worker_threads';
import * as z from 'zod';
import type { StoredAsset } from '../contract/asset.ts';
import type { Alarm } from './download.ts';
import { factsOf, infoSchema } from './glb-facts.ts';
import { jsonOf } from './glb-stream.ts';

/** Enough for a JSON of the most that is read of it; a file that is made to need more is left alone. */
const MOST_HEAP_MEGABYTES = 80;
const MOST_MS = 60_000;
const MOST_MESSAGES = 10;
const ERROR = 0;

type Report = Pick<StoredAsset, 'facts' | 'validation'>;

/**
 * What Khronos' validator says of a GLB. Empty when it can not tell: a paid model is not lost for that.
 *
 * @param glb is given away: it can not be used any more
 */
export type Validate = (glb: Uint8Array<ArrayBuffer>) => Promise<Report>;

/** It works in a thread of its own, since a file can be made to crash it or to fill the memory. */
export function createValidate(alarm: Alarm): Validate {
  return async (glb) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: glb,
      transferList: [glb.buffer],
      resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MEGABYTES, maxYoungGenerationSizeMb: 16 },
      stderr: true,
    });
    const late = alarm(MOST_MS, () => void worker.terminate());
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
  // Counts that are no numbers cost the facts alone, never the errors.
  info: infoSchema.optional().catch(undefined),
  issues: z.object({
    numErrors: z.number(),
    numWarnings: z.number(),
    messages: z.array(
      z.object({
        code: z.string(),
        message: z.string(),
        severity: z.number(),
        pointer: z.string().optional(),
      }),
    ),
  }),
});

async function report(glb: Uint8Array): Promise<Report> {
  const { validateBytes } = await import('gltf-validator');
  const { info, issues } = reportSchema.parse(await validateBytes(glb, { format: 'glb', maxIssues: 1_000 }));
  const errors = issues.messages.filter(({ severity }) => severity === ERROR);
  return {
    facts: info && factsOf(info, jsonOf(glb)),
    validation: {
      errors: issues.numErrors,
      warnings: issues.numWarnings,
      messages: errors
        .slice(0, MOST_MESSAGES)
        .map(({ code, pointer = '', message }) => `${code} ${pointer}: ${message}`.slice(0, 300)),
    },
  };
}

// This file is the thread's program, too. In the bundle that is the whole function, which does no harm there.
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
if (workerData instanceof Uint8Array) parentPort?.postMessage(await report(workerData));
