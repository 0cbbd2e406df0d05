import type { Outcome } from './answer.ts';
import { failure } from './failure.ts';

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
