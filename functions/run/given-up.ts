import type { Outcome } from './conclude.ts';
import { failure } from '../contract/failures.ts';

/** Unexpected errors after which a run, for which nothing was paid, is answered as failed. */
export const MOST_ATTEMPTS = 5;

/** @param last what the last of the errors said, when it is known */
export function givenUp(last?: string): Outcome {
  const said = last === undefined ? '' : `: ${last}`;
  return {
    phase: 'failed',
    failure: failure('internal', `an unexpected error, ${MOST_ATTEMPTS} times${said}`),
  };
}
