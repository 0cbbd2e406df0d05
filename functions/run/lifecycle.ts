/**
 * Which phase of a run may follow which. The record store, the simulation's invariants and the picture in
 * docs/reliability.md all use this one table.
 *
 * A phase that may follow itself is written again without a step: to count an error, to prove that a refused send made no
 * job, to keep files, or to note that Sweep has looked or that the event was announced. `sending` is never written again:
 * its age bounds what may still happen.
 */
export const TRANSITIONS = {
  none: ['claimed', 'rejected', 'failed', 'stored'],
  claimed: ['claimed', 'sending', 'submitted', 'rejected', 'failed', 'stored'],
  sending: ['claimed', 'submitted'],
  submitted: ['submitted', 'stored', 'failed'],
  failed: ['failed', 'stored'],
  stored: ['stored'],
  rejected: ['rejected'],
} as const;

export type Phase = Exclude<keyof typeof TRANSITIONS, 'none'>;
export type FinalPhase = 'stored' | 'failed' | 'rejected';

type Start = keyof typeof TRANSITIONS;
/** The phases from which this one may follow. */
type Before<To extends Phase> = {
  [From in Start]: To extends (typeof TRANSITIONS)[From][number] ? From : never;
}[Start];
/** What may follow, whichever of these phases it is. */
export type Next<From extends Start> = { [To in Phase]: [From] extends [Before<To>] ? To : never }[Phase];

export function mayFollow(from: Start, to: Phase): boolean {
  const next: readonly Phase[] = TRANSITIONS[from];
  return next.includes(to);
}

export function isFinalPhase(phase: Phase): phase is FinalPhase {
  return phase === 'stored' || phase === 'failed' || phase === 'rejected';
}

/**
 * Whether a run may end like this from here. A caller that knows the job ends the run only after the
 * payment was recorded; a caller that knows none, only while nobody has paid. So `sending` is never buried.
 */
export function mayEnd(from: Start, to: FinalPhase, hasJob: boolean): boolean {
  const isPaid = from === 'submitted' || from === 'failed';
  return from !== to && mayFollow(from, to) && isPaid === hasJob;
}

/** Unexpected errors after which a run that nothing was paid for ends as failed. */
export const MAX_ATTEMPTS = 5;

/** What SubmitJob does next for a run. */
export type Step =
  | 'prepare'
  | 'submit'
  | 'reconcile'
  | 'reject'
  | 'start-generation'
  | 'republish'
  | 'give-up'
  | 'finish';

interface SendState {
  readonly noJob?: boolean | undefined;
  readonly refusal?: { readonly kind: string; readonly own: boolean } | undefined;
}

/** What the record says, as far as it decides the next step. */
interface RunState {
  readonly phase: Phase;
  readonly attempts: number;
  readonly sends: readonly SendState[];
  /** Of a final record: the bus has taken its event. */
  readonly announced?: boolean | undefined;
}

/** @param isPrepared this invocation has the image, and the record holds what it was read as */
export function nextStep(run: RunState | undefined, isPrepared: boolean): Step {
  switch (run?.phase) {
    case 'stored':
    case 'failed':
    case 'rejected':
      // The function that ended the run may have been cut off before the event was out.
      return run.announced ? 'finish' : 'republish';
    case 'submitted':
      return 'start-generation';
    case 'sending':
      return 'reconcile';
    case 'claimed':
      if (hasOpenSend(run)) return 'reconcile';
      if (isInputRefused(run)) return 'reject';
      if (run.attempts >= MAX_ATTEMPTS) return 'give-up';
      return isPrepared ? 'submit' : 'prepare';
    case undefined:
      return 'prepare';
  }
}

/** Whether a job may have come of a send: it was refused, or its outcome is unknown, and nothing is proved. */
export function hasOpenSend({ sends }: Pick<RunState, 'sends'>): boolean {
  return sends.some(({ noJob }) => !noJob);
}

/** Scenario itself refuses the image or its parameters: another send would be refused, too. */
function isInputRefused({ sends }: RunState): boolean {
  const refusal = sends.at(-1)?.refusal;
  return refusal?.kind === 'input' && refusal.own;
}
