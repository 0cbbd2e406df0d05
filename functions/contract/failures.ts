import * as z from 'zod';

/** Nothing was paid: the image or its metadata cannot be used. */
function rejected(when: string, hint: string) {
  return { status: 'rejected', when, hint } as const;
}

/** Any other failure. */
function failed(when: string, hint: string) {
  return { status: 'failed', when, hint } as const;
}

/** How a run ends without a model, when that happens, and what the reader can do. docs/failures.md is generated from this. */
export const FAILURES = {
  'upload-deleted': failed('the uploaded version was deleted before it was read', 'upload the image again'),
  'upload-replaced': failed(
    'in a bucket without versioning, the object was replaced before it was read',
    'nothing to do: the newer upload has its own run',
  ),
  empty: rejected('the object has no bytes', 'upload the image again: it arrived without any bytes'),
  'too-large': rejected('the object is larger than 20,000,000 bytes', 'make the image smaller than 20,000,000 bytes'),
  'not-an-image': rejected(
    'the bytes are not a readable JPEG, PNG or WebP image, whatever the name says',
    'upload a JPEG, PNG or WebP image',
  ),
  'unknown-parameter': rejected(
    'the object has a metadata key of Meshdrop or of the model that does not exist',
    'correct the name of the metadata key and upload the image again',
  ),
  'bad-parameter': rejected(
    'a value is out of range or of the wrong kind',
    'correct the value of the parameter and upload the image again',
  ),
  'parameter-conflict': rejected(
    'two parameters exclude each other',
    'remove one of the two parameters and upload the image again',
  ),
  'over-cu-limit': rejected(
    'the quote is higher than maxCuPerRun',
    'choose cheaper parameters, or ask the team to raise maxCuPerRun',
  ),
  'refused-by-scenario': rejected(
    'Scenario refuses the image or its parameters, for the given reason',
    'change what the reason names and upload the image again',
  ),
  'job-failed': failed(
    'the job failed at Scenario, which refunds it',
    'if the reason is about the picture, use another one; otherwise upload it again',
  ),
  'job-canceled': failed('somebody canceled the job at Scenario', 'upload the image again'),
  'job-lost': failed(
    'Scenario has not known the paid job for ten minutes',
    'ask the team whether the secret holds the key of the right project; a redrive of the execution looks again',
  ),
  deadline: failed(
    'the job is not done at the deadline (jobDeadlineMinutes)',
    'ask the team to redrive the execution: the job is paid and may still succeed',
  ),
  'no-model': failed(
    'the job succeeded without a usable 3D file; the files that it gave are kept',
    'upload the image again, or try other parameters',
  ),
  'too-many-assets': failed(
    'the job gave more than 500 files',
    'ask the team: the job gave far more files than a model should have',
  ),
  'download-broken': failed(
    'the files of the finished job could not be copied after several tries, or are larger than maxAssetBytes',
    'ask the team to redrive the execution, with a larger maxAssetBytes if the reason names it: the model exists and is paid',
  ),
  aborted: failed(
    'somebody stopped the execution',
    'ask the team why the execution was stopped; a redrive fetches what is paid',
  ),
  'timed-out': failed(
    'the execution took longer than two hours, or a function reached its time-out in every try',
    'ask the team to redrive the execution: the job is paid',
  ),
  internal: failed(
    'an unexpected error, five times before the payment or at any time after it',
    'ask the team: the logs of this run say more',
  ),
};

export type FailureCode = keyof typeof FAILURES;

/** Part of the record, the manifest and the event. */
export const failureSchema = z.strictObject({
  code: z.enum(Object.keys(FAILURES) as FailureCode[]),
  reason: z.string().describe('one plain sentence'),
  hint: z.string().optional().describe('what the reader can do'),
});

export type Failure = z.infer<typeof failureSchema>;

const MAX_REASON_LENGTH = 1_000;

/** A failure with the hint of its code. */
export function failure(code: FailureCode, reason: string): Failure {
  return { code, reason: redact(reason), hint: FAILURES[code].hint };
}

/** Makes foreign text fit to publish: removes the queries of URLs, which may be signatures, and limits the length. */
export function redact(text: string): string {
  return text.replaceAll(/(https?:\/\/[^\s?]+)\?\S*/gi, '$1').slice(0, MAX_REASON_LENGTH);
}

/**
 * A paid run gives no model. The name is the failure's code, which the state machine and the failure report pass on. A
 * redriven execution may still succeed.
 */
export class RunFailedError<Code extends FailureCode = FailureCode> extends Error {
  override readonly name: Code;

  constructor(code: Code, reason: string) {
    super(reason);
    this.name = code;
  }
}

export function isFailureCode(text: string): text is FailureCode {
  return Object.hasOwn(FAILURES, text);
}
