import type { FailureCode } from './failure.ts';
import type { Job } from './scenario-answers.ts';

export interface BadEnd {
  readonly code: FailureCode;
  readonly reason: string;
  readonly hint?: string;
}

/** Why a job that ended gave no model. Undefined when it succeeded. */
export function badEndOf({ status, error, hint }: Job): BadEnd | undefined {
  if (status === 'canceled') return { code: 'job-canceled', reason: 'the job was canceled at Scenario' };
  if (status !== 'failed') return undefined;
  const reason = error || 'the job failed at Scenario without saying why';
  return { code: 'job-failed', reason, hint };
}
