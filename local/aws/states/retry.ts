import * as z from 'zod';

export const retrierSchema = z.strictObject({
  ErrorEquals: z.array(z.string()),
  IntervalSeconds: z.number().default(1),
  MaxAttempts: z.number().default(3),
  BackoffRate: z.number().default(2),
  MaxDelaySeconds: z.number().optional(),
  JitterStrategy: z.enum(['FULL', 'NONE']).default('NONE'),
});
type Retrier = z.infer<typeof retrierSchema>;

export interface Retries {
  /**
   * Returns how many seconds to wait before the next attempt, or undefined if the error is not retried or its attempts
   * are used up.
   */
  nextDelaySeconds(errorName: string): number | undefined;
}

/**
 * Counts the attempts of one visit to a state. The first retrier that matches an error decides, even if its attempts
 * are used up.
 */
export function createRetries(retriers: readonly Retrier[], random: () => number): Retries {
  const attempts = retriers.map(() => 0);
  return {
    nextDelaySeconds: (errorName) => {
      const nth = retriers.findIndex((retrier) => knows(retrier, errorName));
      const retrier = retriers[nth];
      const before = attempts[nth] ?? 0;
      if (!retrier || before >= retrier.MaxAttempts) return undefined;
      attempts[nth] = before + 1;
      return computeDelaySeconds(retrier, before, random);
    },
  };
}

function knows({ ErrorEquals }: Retrier, errorName: string): boolean {
  if (ErrorEquals.includes(errorName) || ErrorEquals.includes('States.ALL')) return true;
  return ErrorEquals.includes('States.TaskFailed') && errorName !== 'States.Timeout';
}

function computeDelaySeconds(
  { IntervalSeconds, BackoffRate, MaxDelaySeconds = Infinity, JitterStrategy }: Retrier,
  before: number,
  random: () => number,
): number {
  const seconds = Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** before);
  return JitterStrategy === 'FULL' ? random() * seconds : seconds;
}
