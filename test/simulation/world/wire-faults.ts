/** A fault of one call of a function. */
export type WireFault =
  /** The function dies right before it sends the request. */
  | { readonly what: 'crash-before' }
  /** The function dies after the request has taken effect. */
  | { readonly what: 'crash-after' }
  /** The connection is refused, and nothing is sent. */
  | { readonly what: 'refused' }
  /** The connection breaks before the request takes effect. */
  | { readonly what: 'lost-request' }
  /** The connection breaks after the request has taken effect. */
  | { readonly what: 'lost-answer' }
  /** The connection breaks, but the request takes effect later. */
  | { readonly what: 'late-effect'; readonly seconds: number }
  /**
   * No answer arrives before the timeout of the caller. The request takes effect with `hang-after`, but not with
   * `hang-before`.
   */
  | { readonly what: 'hang-before' }
  | { readonly what: 'hang-after' }
  /** The answer is late. */
  | { readonly what: 'slow'; readonly seconds: number }
  /** The request takes effect late, while its sender waits. */
  | { readonly what: 'stalled'; readonly seconds: number }
  /** The service reports an internal error, with or without effect. */
  | { readonly what: 'server-error' }
  | { readonly what: 'server-error-after' }
  /** SlowDown in S3, and its equivalents in the other services. */
  | { readonly what: 'slow-down' }
  /** The 409 of S3 for one of two concurrent conditional writes. Only these writes get it. */
  | { readonly what: 'conflict' }
  /** S3 refuses the call for a reason in the deployment, not in the image: a key, a bucket, or a permission. */
  | { readonly what: 's3-refusal'; readonly status: number; readonly code: string }
  /** PutEvents returns 200 but accepts no entry. Other calls can't fail like this. */
  | { readonly what: 'partial' };

/** A service fails for some time, for all callers. */
export interface Outage {
  /** The prefix of the names of its calls: `S3`, `EventBridge`, `POST /generate`. */
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

/** The refusals of S3 for errors in the deployment. */
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
