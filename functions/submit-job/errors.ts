import type { MetricName } from '../platform/metrics.ts';

/**
 * The run cannot continue in this invocation, and its message returns to the queue. This is not an error of the run.
 */
export class TryLaterError extends Error {
  override readonly name = 'TryLaterError';
  /** When SQS delivers the message again. With 0, it does so at once, so that no other message takes its place. */
  readonly inSeconds: number;
  /** The metric that counts it, if it takes a person. */
  readonly metric: MetricName | undefined;

  constructor(message: string, inSeconds = 0, metric?: MetricName) {
    super(message);
    this.inSeconds = inSeconds;
    this.metric = metric;
  }
}
