import * as z from 'zod';

/** Nothing was paid: the image, or what was said about it, can not be used. */
function rejected(when: string, hint: string) {
  return { status: 'rejected', when, hint } as const;
}

/** Everything else. */
function failed(when: string, hint: string) {
  return { status: 'failed', when, hint } as const;
}

/** How a run ends without a model, when that happens, and what the reader can do about it. docs/failures.md is made of it. */
export const FAILURES = {
  'upload-deleted': failed('the uploaded version was deleted before its turn came', 'upload the image again'),
  'upload-replaced': failed(
    'in a bucket without versioning, the object was replaced before its turn came',
    'nothing to do: the newer upload has a run of its own',
  ),
  empty: rejected('the object has no bytes', 'upload the image again, it arrived without any bytes'),
  'too-large': rejected(
    'the object has more than 20,000,000 bytes',
    'make the image smaller than 20,000,000 bytes',
  ),
  'not-an-image': rejected(
    'the bytes are no readable JPEG, PNG or WebP image, whatever the name says',
    'upload a JPEG, PNG or WebP image',
  ),
  'unknown-parameter': rejected(
    'a `tripo-` or `meshdrop-` metadata key does not exist',
    'correct the name of the metadata key and upload the image again',
  ),
  'bad-parameter': rejected(
    'a value is out of its range, or of the wrong kind',
    'correct the value of the parameter and upload the image again',
  ),
  'parameter-conflict': rejected(
    'two parameters exclude each other',
    'leave one of the two parameters away and upload the image again',
  ),
  'over-cu-limit': rejected(
    'the quote is higher than maxCuPerRun',
    'choose cheaper parameters, or ask the team to raise maxCuPerRun',
  ),
  'refused-by-scenario': rejected(
    'Scenario refuses the image or its parameters; the reason is its own',
    'change what the reason names and upload the image again',
  ),
  'job-failed': failed(
    'the job failed at Scenario, which gives the money back',
    'if the reason is about the picture, use another one; otherwise upload it again',
  ),
  'job-canceled': failed('somebody canceled the job at Scenario', 'upload the image again'),
  'job-lost': failed(
    'Scenario has not known the paid job for ten minutes',
    'ask the team: is the key of the right project in the secret? A redrive of the execution looks again',
  ),
  deadline: failed(
    'the job is not done at the deadline (jobDeadlineMinutes)',
    'ask the team to redrive the execution: the job may still end well and is already paid',
  ),
  'no-model': failed(
    'the job succeeded without a usable 3D file; what there was is kept',
    'upload the image again, or try other parameters',
  ),
  'too-many-assets': failed(
    'the job gave more than 500 files',
    'ask the team: the job gave far more files than a model should have',
  ),
  'download-broken': failed(
    'the files of the finished job could not be copied, after several tries, or are larger than maxAssetBytes',
    'ask the team to redrive the execution, with a larger maxAssetBytes where the reason names it: the model exists and is already paid',
  ),
  aborted: failed(
    'somebody stopped the execution',
    'ask the team why the execution was stopped; a redrive fetches what is already paid',
  ),
  'timed-out': failed(
    'the execution took longer than two hours, or a function died at its time-out every time',
    'ask the team to redrive the execution: the job is already paid',
  ),
  internal: failed(
    'an error nobody expected, five times before the payment, or at any time after it',
    'ask the team: the logs of this run say more',
  ),
};

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
