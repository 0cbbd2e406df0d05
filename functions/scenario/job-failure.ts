import type { Failure } from '../contract/failures.ts';
import type { Job } from './schemas.ts';

/** Why a job that ended gave no model. Undefined when it succeeded. */
export function badEndOf({ status, error, hint }: Job): Failure | undefined {
  if (status === 'canceled') return { code: 'job-canceled', reason: 'the job was canceled at Scenario' };
  if (status !== 'failed') return undefined;
  const reason = error || 'the job failed at Scenario without saying why';
  return { code: 'job-failed', reason, hint };
}
