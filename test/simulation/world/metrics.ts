/** One value of a metric, as CloudWatch keeps it. Our metrics have one dimension each, so its value is enough. */
export interface Sample {
  readonly namespace: string;
  readonly metric: string;
  /** The value of the dimension: the name of a function or a queue. */
  readonly of: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly value: number;
}

/** What CloudWatch knows about a world: what the functions count, and what Lambda, SQS, and Step Functions report. */
export interface Metrics {
  add(sample: Sample): void;
  readonly samples: readonly Sample[];
}

export function createMetrics(): Metrics {
  const samples: Sample[] = [];
  return { add: (sample) => void samples.push(sample), samples };
}
