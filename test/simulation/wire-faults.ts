/** What can go wrong with one call that a function makes. */
export type WireFault =
  /** The function dies right before the request leaves. */
  | { readonly what: 'crash-before' }
  /** The function dies when the request has taken effect. */
  | { readonly what: 'crash-after' }
  /** Not a byte leaves. */
  | { readonly what: 'refused' }
  /** The connection breaks and nothing has happened … */
  | { readonly what: 'lost-request' }
  /** … or it has. */
  | { readonly what: 'lost-answer' }
  /** The connection breaks now, and the request takes effect later all the same. */
  | { readonly what: 'late-effect'; readonly seconds: number }
  /** No answer for so long that the caller's own patience ends; with and without effect. */
  | { readonly what: 'hang-before' }
  | { readonly what: 'hang-after' }
  /** The answer comes late … */
  | { readonly what: 'slow'; readonly seconds: number }
  /** … or the request itself is under way for so long, while its sender waits. */
  | { readonly what: 'stalled'; readonly seconds: number }
  /** The service says that it is not well; with and without effect. */
  | { readonly what: 'server-error' }
  | { readonly what: 'server-error-after' }
  /** S3's SlowDown, and what the other services call it. */
  | { readonly what: 'slow-down' }
  /** S3's 409 to one of two conditional writes at once; nothing else of S3, and nobody else, says so. */
  | { readonly what: 'conflict' }
  /** S3 refuses, for a reason that has nothing to do with the image: a key, a bucket or a permission of our own. */
  | { readonly what: 's3-refusal'; readonly status: number; readonly code: string }
  /** PutEvents answers 200 and has taken nothing; nobody else can. */
  | { readonly what: 'partial' };

/** A service that is not well for a while, whoever calls it. */
export interface Outage {
  /** How the names of its calls begin: `S3`, `EventBridge`, `POST /generate`. */
  readonly of: string;
  readonly fromSeconds: number;
  readonly seconds: number;
  readonly what: WireFault;
}

export function isDuring(
  { of, fromSeconds, seconds }: Outage,
  call: { readonly name: string; readonly atSeconds: number },
): boolean {
  const since = call.atSeconds - fromSeconds;
  return call.name.startsWith(of) && since >= 0 && since < seconds;
}

/** What S3 says when our own environment is wrong. */
export const S3_REFUSALS: readonly Extract<WireFault, { what: 's3-refusal' }>[] = [
  { what: 's3-refusal', status: 400, code: 'KMS.DisabledException' },
  { what: 's3-refusal', status: 400, code: 'KMS.KMSInvalidStateException' },
  { what: 's3-refusal', status: 400, code: 'KMS.NotFoundException' },
  { what: 's3-refusal', status: 403, code: 'AccessDenied' },
  { what: 's3-refusal', status: 404, code: 'NoSuchBucket' },
  { what: 's3-refusal', status: 400, code: 'ExpiredToken' },
  { what: 's3-refusal', status: 403, code: 'RequestTimeTooSkewed' },
  { what: 's3-refusal', status: 301, code: 'PermanentRedirect' },
];

export const WIRE_FAULTS: readonly WireFault[] = [
  { what: 'crash-before' },
  { what: 'crash-after' },
  { what: 'refused' },
  { what: 'lost-request' },
  { what: 'lost-answer' },
  { what: 'late-effect', seconds: 5 },
  { what: 'late-effect', seconds: 85 },
  { what: 'hang-before' },
  { what: 'hang-after' },
  { what: 'slow', seconds: 40 },
  { what: 'stalled', seconds: 8 },
  { what: 'stalled', seconds: 80 },
  { what: 'server-error' },
  { what: 'server-error-after' },
  { what: 'slow-down' },
  { what: 'conflict' },
  { what: 'partial' },
];
