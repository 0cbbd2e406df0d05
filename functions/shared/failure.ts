import * as z from 'zod';

/** Why a run has no model. The hint says what the reader can do about it. */
const HINTS = {
  'upload-deleted': 'upload the image again',
  'upload-replaced': 'nothing to do: the newer upload has a run of its own',
  empty: 'upload the image again, it arrived without any bytes',
  'too-large': 'make the image smaller than 20,000,000 bytes',
  'not-an-image': 'upload a JPEG, PNG or WebP image',
  'unknown-parameter': 'correct the name of the metadata key and upload the image again',
  'bad-parameter': 'correct the value of the parameter and upload the image again',
  'parameter-conflict': 'leave one of the two parameters away and upload the image again',
  'over-cu-limit': 'choose cheaper parameters, or ask the team to raise maxCuPerRun',
  'refused-by-scenario': 'change what the reason names and upload the image again',
  'job-failed': 'if the reason is about the picture, use another one; otherwise upload it again',
  'job-canceled': 'upload the image again',
  'job-lost':
    'ask the team: is the key of the right project in the secret? A redrive of the execution looks again',
  deadline: 'ask the team to redrive the execution: the job may still end well and is already paid',
  'no-model': 'upload the image again, or try other parameters',
  'too-many-assets': 'ask the team: the job gave far more files than a model should have',
  'download-broken': 'ask the team to redrive the execution: the model exists and is already paid',
  aborted: 'ask the team why the execution was stopped; a redrive fetches what is already paid',
  'timed-out': 'ask the team to redrive the execution: the job is already paid',
  internal: 'ask the team: the logs of this run say more',
} as const satisfies Record<string, string>;

export type FailureCode = keyof typeof HINTS;

const failureCodes = Object.keys(HINTS) as readonly FailureCode[] as readonly [FailureCode, ...FailureCode[]];

/** Part of the record, the manifest and the event. */
export const failureSchema = z.strictObject({
  code: z.enum(failureCodes),
  reason: z.string().describe('one plain sentence'),
  hint: z.string().optional().describe('what the reader can do'),
});

export type Failure = z.infer<typeof failureSchema>;

const LONGEST_REASON = 1_000;

/** A failure with its code's own hint, and a reason that is safe to publish: signed URLs lose their query. */
export function failure(code: FailureCode, reason: string): Failure {
  const safe = reason.replaceAll(/(https?:\/\/[^\s?]+)\?\S*/g, '$1');
  return { code, reason: safe.slice(0, LONGEST_REASON), hint: HINTS[code] };
}

export function isFailureCode(text: string): text is FailureCode {
  return Object.hasOwn(HINTS, text);
}
