import * as z from 'zod';

/** How a run ends without a model, when that happens, and what the reader can do about it. docs/failures.md is made of it. */
export const FAILURES = {
  'upload-deleted': {
    status: 'failed',
    when: 'the uploaded version was deleted before its turn came',
    hint: 'upload the image again',
  },
  'upload-replaced': {
    status: 'failed',
    when: 'in a bucket without versioning, the object was replaced before its turn came',
    hint: 'nothing to do: the newer upload has a run of its own',
  },
  empty: {
    status: 'rejected',
    when: 'the object has no bytes',
    hint: 'upload the image again, it arrived without any bytes',
  },
  'too-large': {
    status: 'rejected',
    when: 'the object has more than 20,000,000 bytes',
    hint: 'make the image smaller than 20,000,000 bytes',
  },
  'not-an-image': {
    status: 'rejected',
    when: 'the bytes are no readable JPEG, PNG or WebP image, whatever the name says',
    hint: 'upload a JPEG, PNG or WebP image',
  },
  'unknown-parameter': {
    status: 'rejected',
    when: 'a `tripo-` or `meshdrop-` metadata key does not exist',
    hint: 'correct the name of the metadata key and upload the image again',
  },
  'bad-parameter': {
    status: 'rejected',
    when: 'a value is out of its range, or of the wrong kind',
    hint: 'correct the value of the parameter and upload the image again',
  },
  'parameter-conflict': {
    status: 'rejected',
    when: 'two parameters exclude each other',
    hint: 'leave one of the two parameters away and upload the image again',
  },
  'over-cu-limit': {
    status: 'rejected',
    when: 'the quote is higher than maxCuPerRun',
    hint: 'choose cheaper parameters, or ask the team to raise maxCuPerRun',
  },
  'refused-by-scenario': {
    status: 'rejected',
    when: 'Scenario refuses the image or its parameters; the reason is its own',
    hint: 'change what the reason names and upload the image again',
  },
  'job-failed': {
    status: 'failed',
    when: 'the job failed at Scenario, which gives the money back',
    hint: 'if the reason is about the picture, use another one; otherwise upload it again',
  },
  'job-canceled': {
    status: 'failed',
    when: 'somebody canceled the job at Scenario',
    hint: 'upload the image again',
  },
  'job-lost': {
    status: 'failed',
    when: 'Scenario has not known the paid job for ten minutes',
    hint: 'ask the team: is the key of the right project in the secret? A redrive of the execution looks again',
  },
  deadline: {
    status: 'failed',
    when: 'the job is not done at the deadline (jobDeadlineMinutes)',
    hint: 'ask the team to redrive the execution: the job may still end well and is already paid',
  },
  'no-model': {
    status: 'failed',
    when: 'the job succeeded without a usable 3D file; what there was is kept',
    hint: 'upload the image again, or try other parameters',
  },
  'too-many-assets': {
    status: 'failed',
    when: 'the job gave more than 500 files',
    hint: 'ask the team: the job gave far more files than a model should have',
  },
  'download-broken': {
    status: 'failed',
    when: 'the files of the finished job could not be copied, after several tries, or are larger than maxAssetBytes',
    hint: 'ask the team to redrive the execution, with a larger maxAssetBytes where the reason names it: the model exists and is already paid',
  },
  aborted: {
    status: 'failed',
    when: 'somebody stopped the execution',
    hint: 'ask the team why the execution was stopped; a redrive fetches what is already paid',
  },
  'timed-out': {
    status: 'failed',
    when: 'the execution took longer than two hours, or a function died at its time-out every time',
    hint: 'ask the team to redrive the execution: the job is already paid',
  },
  internal: {
    status: 'failed',
    when: 'an error nobody expected, five times before the payment, or at any time after it',
    hint: 'ask the team: the logs of this run say more',
  },
} as const satisfies Record<string, { status: 'failed' | 'rejected'; when: string; hint: string }>;

export type FailureCode = keyof typeof FAILURES;

const failureCodes = Object.keys(FAILURES) as [FailureCode, ...FailureCode[]];

/** Part of the record, the manifest and the event. */
export const failureSchema = z.strictObject({
  code: z.enum(failureCodes),
  reason: z.string().describe('one plain sentence'),
  hint: z.string().optional().describe('what the reader can do'),
});

export type Failure = z.infer<typeof failureSchema>;

const LONGEST_REASON = 1_000;

/** A failure with its code's own hint. */
export function failure(code: FailureCode, reason: string): Failure {
  return { code, reason: publishable(reason), hint: FAILURES[code].hint };
}

/** What could not be made of an upload's words, because of this. */
export function wrong(code: FailureCode, reason: string): { readonly failure: Failure } {
  return { failure: failure(code, reason) };
}

/** Signed URLs lose their query, and nothing is longer than a sentence. */
export function publishable(reason: string): string {
  return reason.replaceAll(/(https?:\/\/[^\s?]+)\?\S*/gi, '$1').slice(0, LONGEST_REASON);
}

export function isFailureCode(text: string): text is FailureCode {
  return Object.hasOwn(FAILURES, text);
}
