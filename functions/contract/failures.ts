import * as z from 'zod';

/**
 * Every code of a run that ends without a model, and its hint: what the reader can do. The comment of a code says how
 * the run ends and when. `rejected`: nothing was paid, and the image or its metadata cannot be used. `failed`: any
 * other failure. docs/failures.md is generated from these comments and hints.
 */
export const FAILURES = {
  /** failed: the uploaded version was deleted before it was read */
  'upload-deleted': 'upload the image again',
  /** failed: in a bucket without versioning, the object was replaced before it was read */
  'upload-replaced': 'nothing to do: the newer upload has its own run',
  /** rejected: the object has no bytes */
  empty: 'upload the image again: it arrived without any bytes',
  /** rejected: the object is larger than 20,000,000 bytes */
  'too-large': 'make the image smaller than 20,000,000 bytes',
  /** rejected: the bytes are not a readable JPEG, PNG or WebP image, whatever the name says */
  'not-an-image': 'upload a JPEG, PNG or WebP image',
  /** rejected: the object has a metadata key of Meshdrop or of the model that does not exist */
  'unknown-parameter': 'correct the name of the metadata key and upload the image again',
  /** rejected: a value is out of range or of the wrong kind */
  'bad-parameter': 'correct the value of the parameter and upload the image again',
  /** rejected: two parameters exclude each other */
  'parameter-conflict': 'remove one of the two parameters and upload the image again',
  /** rejected: the quote is higher than maxCuPerRun */
  'over-cu-limit': 'choose cheaper parameters, or ask the team to raise maxCuPerRun',
  /** rejected: Scenario refuses the image or its parameters, for the given reason */
  'refused-by-scenario': 'change what the reason names and upload the image again',
  /** failed: the job failed at Scenario, which refunds it */
  'job-failed': 'if the reason is about the picture, use another one; otherwise upload it again',
  /** failed: somebody canceled the job at Scenario */
  'job-canceled': 'upload the image again',
  /** failed: Scenario has not known the paid job for ten minutes */
  'job-lost':
    'ask the team whether the secret holds the key of the right project; a redrive of the execution looks again',
  /** failed: the job is not done at the deadline (jobDeadlineMinutes) */
  deadline: 'ask the team to redrive the execution: the job is paid and may still succeed',
  /** failed: the job succeeded without a usable 3D file; the files that it gave are kept */
  'no-model': 'upload the image again, or try other parameters',
  /** failed: the job gave more than 500 files */
  'too-many-assets': 'ask the team: the job gave far more files than a model should have',
  /** failed: the files of the finished job could not be copied after several tries, or are larger than maxAssetBytes */
  'download-broken':
    'ask the team to redrive the execution, with a larger maxAssetBytes if the reason names it: the model exists and is paid',
  /** failed: somebody stopped the execution */
  aborted: 'ask the team why the execution was stopped; a redrive fetches what is paid',
  /** failed: the execution took longer than two hours, or a function reached its time-out in every try */
  'timed-out': 'ask the team to redrive the execution: the job is paid',
  /** failed: an unexpected error, five times before the payment or at any time after it */
  internal: 'ask the team: the logs of this run say more',
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
  return { code, reason: redact(reason), hint: FAILURES[code] };
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
