import type { Usage } from '../world/lambda.ts';

/** US dollars, us-east-1, November 2026, without free tiers. */
const PRICES = {
  lambdaRequest: 0.2e-6,
  lambdaGigabyteSecond: 13.3334e-6,
  stateTransition: 25e-6,
  /** PUT, POST, LIST */
  s3Write: 5e-6,
  s3Read: 0.4e-6,
  sqsRequest: 0.4e-6,
  event: 1e-6,
  secretCall: 5e-6,
} as const;

/** What a simulation used. */
export interface Used {
  readonly uploads: number;
  /** From the uploads queue. */
  readonly receives: number;
  /** Calls of the functions, by service and operation: `S3 PutObject`. */
  readonly wireCalls: ReadonlyMap<string, number>;
  readonly usage: ReadonlyMap<string, Usage>;
}

/** What AWS would bill, in US dollars. Without storage, transfer, logs, traces, and fixed monthly prices. */
export function costOf({ uploads, receives, wireCalls, usage }: Used): number {
  const calls = (pattern: RegExp) =>
    [...wireCalls].reduce((sum, [name, count]) => (pattern.test(name) ? sum + count : sum), 0);
  const invocations = [...usage.values()].reduce((sum, one) => sum + one.invocations, 0);
  const gigabyteSeconds = [...usage.values()].reduce((sum, one) => sum + one.gigabyteSeconds, 0);
  const polls = usage.get('CheckJob')?.invocations ?? 0;
  const copies = usage.get('StoreAssets')?.invocations ?? 0;
  return (
    invocations * PRICES.lambdaRequest +
    gigabyteSeconds * PRICES.lambdaGigabyteSecond +
    // Each poll is a wait, a task, and a choice. The start and the end are transitions, too.
    (3 * polls + copies + 2 * uploads) * PRICES.stateTransition +
    calls(/^S3 (Put|List|Create|Complete|Upload)/) * PRICES.s3Write +
    calls(/^S3 (Get|Head)/) * PRICES.s3Read +
    // A message is sent, and each receive is followed by a delete or a change of its visibility.
    (uploads + 2 * receives + calls(/^SQS/)) * PRICES.sqsRequest +
    // The event of the bucket, and our own.
    (uploads + calls(/^EventBridge/)) * PRICES.event +
    calls(/^SecretsManager/) * PRICES.secretCall
  );
}
