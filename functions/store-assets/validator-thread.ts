// oxlint-disable-next-line typescript/triple-slash-reference -- a project that compiles the construct finds these types only by this reference
/// <reference path="./gltf-validator.d.ts" />
import { parentPort } from 'node:worker_threads';
import { validateBytes } from 'gltf-validator';
import * as z from 'zod';
import { infoSchema, toFacts } from './glb-facts.ts';
import { readGlbJson } from './glb-stream.ts';
import type { Report } from './validate-glb.ts';

const MAX_MESSAGES = 10;
/** More would take too much memory. If there are more, the counts are too low, and the report says so. */
const MAX_ISSUES = 100_000;
const ERROR = 0;

const reportSchema = z.object({
  // Invalid counts cost only the facts, never the errors.
  info: infoSchema.optional().catch(undefined),
  issues: z.object({
    numErrors: z.number(),
    numWarnings: z.number(),
    truncated: z.boolean().default(false),
    messages: z.array(
      z.object({ code: z.string(), message: z.string(), severity: z.number(), pointer: z.string().default('') }),
    ),
  }),
});

async function validate(glb: Uint8Array): Promise<Report> {
  const { info, issues } = reportSchema.parse(await validateBytes(glb, { format: 'glb', maxIssues: MAX_ISSUES }));
  const errors = issues.messages.filter(({ severity }) => severity === ERROR);
  return {
    facts: info && toFacts(info, readGlbJson(glb)),
    validation: {
      errors: issues.numErrors,
      warnings: issues.numWarnings,
      ...(issues.truncated && { truncated: true }),
      messages: errors
        .slice(0, MAX_MESSAGES)
        .map(({ code, pointer, message }) => `${code} ${pointer}: ${message}`.slice(0, 300)),
    },
  };
}

/** The program of the thread that validates one GLB. */
parentPort?.once('message', (glb: Uint8Array) => {
  // An error ends the thread, which says that there is no report.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
  void validate(glb).then((report) => parentPort?.postMessage(report));
});
