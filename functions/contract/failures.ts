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
  empty: rejected('the object has no bytes', 'upload the image again: it arrived empty'),
  'too-large': rejected('the object is larger than 20,000,000 bytes', 'make the image smaller than 20,000,000 bytes'),
  'not-an-image': rejected(
    'the file is not a readable JPEG, PNG or WebP image, whatever its name says',
    'upload a JPEG, PNG or WebP image',
  ),
  'unknown-parameter': rejected(
    'a metadata key has the prefix of Meshdrop or of a model, but is unknown or belongs to another model',
    'correct the name of the metadata key and upload the image again',
  ),
  'bad-parameter': rejected(
    'the value of a parameter is out of range or has the wrong type',
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
    'Scenario refused the image or its parameters; the reason says why',
    'fix what the reason says and upload the image again',
  ),
  'job-failed': failed(
    'the job failed at Scenario, which refunds it',
    'if the reason is about the image, use another one; otherwise upload it again',
  ),
  'job-canceled': failed('somebody canceled the job at Scenario', 'upload the image again'),
  'job-lost': failed(
    'for ten minutes, Scenario could not find the paid job',
    'ask the team to check that the secret holds the key of the right project, and then to redrive the run',
  ),
  deadline: failed(
    'the job did not finish before the deadline (jobDeadlineMinutes)',
    'ask the team to redrive the run: the job is paid for and may still succeed',
  ),
  'no-model': failed(
    'the job succeeded without a usable 3D file; its other files are kept',
    'upload the image again, or try other parameters',
  ),
  'too-many-assets': failed(
    'the job produced more than 500 files',
    'ask the team to check the job: it produced far more files than a model should have',
  ),
  'download-broken': failed(
    'the files of the finished job could not be copied after several attempts, or are larger than maxAssetBytes',
    'ask the team to redrive the run, with a larger maxAssetBytes if the reason names it: the model exists and is paid for',
  ),
  aborted: failed(
    'somebody stopped the execution',
    'ask the team why the execution was stopped; a redrive fetches what is already paid for',
  ),
  'timed-out': failed(
    'the execution took longer than 13 days, or a function timed out in every attempt',
    'ask the team to redrive the run: the job is paid for',
  ),
  internal: failed(
    'an unexpected error happened, five times before the payment or at any time after it',
    'ask the team to look at the logs of this run',
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
