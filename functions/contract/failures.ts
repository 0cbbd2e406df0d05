import * as z from 'zod';

/**
 * How a run ends without a model, by failure code: what the reader can do. The comment of each code says when it happens.
 * docs/failures.md is generated from both. *Rejected*: the image or its metadata cannot be used, and nothing was paid.
 * *Failed*: everything else.
 */
export const HINTS = {
  /** Failed: the uploaded version was deleted before it was read. */
  'upload-deleted': 'upload the image again',
  /** Failed: in a bucket without versioning, the object was replaced before it was read. */
  'upload-replaced': 'nothing to do: the newer upload has its own run',
  /** Rejected: the object has no bytes. */
  empty: 'upload the image again: it arrived empty',
  /** Rejected: the object is larger than 20,000,000 bytes. */
  'too-large': 'make the image smaller than 20,000,000 bytes',
  /** Rejected: the file is not a JPEG, PNG or WebP image, whatever its name says, or it cannot be decoded. */
  'not-an-image': 'upload a JPEG, PNG or WebP image',
  /** Rejected: the image ends in the middle. */
  'incomplete-image': 'upload the image again, and wait until the upload is complete',
  /** Rejected: a side of the image has fewer than 20 pixels. */
  'too-small': 'use an image of at least 20 × 20 pixels; with 256 × 256 or more, models get better',
  /** Rejected: a side of the image has more than 6,000 pixels. */
  'too-many-pixels': 'make the image smaller: at most 6,000 × 6,000 pixels',
  /** Rejected: the name of the file is one that programs use during a transfer, such as `oak.png.part`. */
  'temporary-name': 'if the upload is complete, give the file its final name',
  /** Rejected: a metadata key has the prefix of Meshdrop or of a model, but is unknown or belongs to another model. */
  'unknown-parameter': 'correct the name of the metadata key and upload the image again',
  /** Rejected: the value of a parameter is out of range or has the wrong type. */
  'bad-parameter': 'correct the value of the parameter and upload the image again',
  /** Rejected: two parameters exclude each other. */
  'parameter-conflict': 'remove one of the two parameters and upload the image again',
  /** Rejected: the quote is higher than maxCuPerRun. */
  'over-cu-limit': 'choose cheaper parameters, or ask the team to raise maxCuPerRun',
  /** Rejected: Scenario refused the image or its parameters; the reason says why. */
  'refused-by-scenario': 'fix what the reason says and upload the image again',
  /** Failed: the job failed at Scenario, which refunds it. */
  'job-failed': 'if the reason is about the image, use another one; otherwise upload it again',
  /** Failed: somebody canceled the job at Scenario. */
  'job-canceled': 'upload the image again',
  /** Failed: for ten minutes, Scenario could not find the paid job. */
  'job-lost': 'ask the team to check that the secret holds the key of the right project, and then to redrive the run',
  /** Failed: the job did not finish before the deadline (jobDeadlineMinutes). */
  deadline: 'ask the team to redrive the run: the job is paid for and may still succeed',
  /** Failed: the job succeeded without a usable 3D file; its other files are kept. */
  'no-model':
    'try other parameters, or upload the image again with the metadata meshdrop-on-duplicate: regenerate, which pays again',
  /** Failed: the job produced more than 500 files. */
  'too-many-assets': 'ask the team to check the job: it produced far more files than a model should have',
  /**
   * Failed: the files of the finished job could not be copied after several attempts, or are larger than maxAssetBytes.
   */
  'download-broken':
    'ask the team to redrive the run, with a larger maxAssetBytes if the reason names it: the model exists and is paid for',
  /** Failed: somebody stopped the execution. */
  aborted: 'ask the team why the execution was stopped; a redrive fetches what is already paid for',
  /** Failed: the execution took longer than 13 days, or a function timed out in every attempt. */
  'timed-out': 'ask the team to redrive the run: the job is paid for',
  /** Failed: an unexpected error happened, five times before the payment or at any time after it. */
  internal: 'ask the team to look at the logs of this run',
};

export type FailureCode = keyof typeof HINTS;

/** Part of the record, the manifest and the event. */
export const failureSchema = z.strictObject({
  code: z.enum(Object.keys(HINTS) as FailureCode[]).describe('for programs: docs/failures.md lists all'),
  reason: z.string().describe('one plain sentence'),
  hint: z.string().optional().describe('what the reader can do'),
});

export type Failure = z.infer<typeof failureSchema>;

const MAX_REASON_LENGTH = 1_000;

/** A failure with the hint of its code. */
export function failure(code: FailureCode, reason: string): Failure {
  return { code, reason: redact(reason), hint: HINTS[code] };
}

/** The text that is searched for secrets. Whatever comes after it is cut off. */
const MAX_SEARCHED = 4_000;
/** Names of parameters, headers and fields whose values are secrets, in any of the usual spellings. */
const SECRET_NAMES =
  'x-amz-[a-z-]+|x-goog-[a-z-]+|signature|sig|policy|key[_-]?pair[_-]?id|googleaccessid|awsaccesskeyid|(?:proxy-)?authorization|' +
  '(?:set-)?cookie|[a-z0-9]*[_-]?(?:token|secret|password|passwd|credentials?)|[a-z0-9_-]*(?:api|access|private)[_-]?key(?:[_-]?id)?|jwt';
/** The sign between a name and its value, as it is or escaped: `=`, `:`, `%3D`, `": "`. */
const SEPARATOR = String.raw`(?:\\*["'])?\s{0,3}(?:=|:|%3[ad]|\\u003[ad])\s{0,3}(?:\\*["'])?`;
/** The value ends where the next parameter, field or word begins, as it is or escaped. */
const VALUE = String.raw`(?:(?!&|%26|\\u0026|\\*["'])[^\s"'<>,;{}()[\]\\])+`;
const NAMED = new RegExp(
  String.raw`(?:(?<=%26|%3f|\\u0026)|(?<![a-z0-9]))(${SECRET_NAMES})(${SEPARATOR})((?:basic|bearer|digest|aws4-hmac-sha256)\s+)?${VALUE}`,
  'gi',
);
/** Any long value in the query of a URL. */
const LONG_VALUE = /([?&][\w.~-]{1,60}=)[\w.~%+/=-]{24,}/g;
const USER = /(\/\/)[^\s/@:]{1,100}:[^\s/@]{1,200}@/g;
const SCHEME = /\b(basic|bearer)\s+[\w.~+/=-]{8,}/gi;
const JSON_WEB_TOKEN = /\beyJ[\w-]{5,}\.[\w~-]+(\.[\w~-]*)?/g;

/** Makes foreign text fit to publish: replaces secrets by `…`, by the names of their parameters, and limits the length. */
export function redact(text: string): string {
  return text
    .slice(0, MAX_SEARCHED)
    .replaceAll(NAMED, '$1$2…')
    .replaceAll(LONG_VALUE, '$1…')
    .replaceAll(USER, '$1…@')
    .replaceAll(SCHEME, '$1 …')
    .replaceAll(JSON_WEB_TOKEN, '…')
    .slice(0, MAX_REASON_LENGTH);
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
  return Object.hasOwn(HINTS, text);
}
