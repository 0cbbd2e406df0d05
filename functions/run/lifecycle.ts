/**
 * Which phase of a run may follow which. The record store, the simulation's invariants and the picture in
 * docs/reliability.md all use this one table.
 *
 * A phase that may follow itself can be written again: to count an error, to prove that a refused send made no job, to
 * keep files, or to note that Sweep has looked or that the event was sent. `sending` is never written again, because
 * its age bounds what can still happen.
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
/** The phases that may follow each of these phases. */
export type Next<From extends Start> = { [To in Phase]: [From] extends [Before<To>] ? To : never }[Phase];

export function mayFollow(from: Start, to: Phase): boolean {
  const next: readonly Phase[] = TRANSITIONS[from];
  return next.includes(to);
}

export function isFinalPhase(phase: Phase): phase is FinalPhase {
  return phase === 'stored' || phase === 'failed' || phase === 'rejected';
}

/**
 * Whether a run may end like this. A caller that knows the job ends the run only after the payment was recorded. A
 * caller that knows no job ends it only while nobody has paid. So a run in `sending` never ends.
 */
export function mayEnd(from: Start, to: FinalPhase, hasJob: boolean): boolean {
  const isPaid = from === 'submitted' || from === 'failed';
  return from !== to && mayFollow(from, to) && isPaid === hasJob;
}

/** After this many unexpected errors, a run that has not paid ends as failed. */
export const MAX_ATTEMPTS = 5;

/** What SubmitJob does next for a run. */
export type Step =
  | 'describe'
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

/** The part of the record that decides the next step. */
interface RunState {
  readonly phase: Phase;
  readonly attempts: number;
  readonly sends: readonly SendState[];
  /** What the upload asks for, besides its image. Absent until the image was read. */
  readonly onDuplicate?: string | undefined;
  /** In a final record: EventBridge accepted the event. */
  readonly announced?: boolean | undefined;
}

/** @param isDeleted whether the upload is known to be deleted, so that nothing more must be paid for it */
export function nextStep(run: RunState | undefined, isDeleted = false): Step {
  switch (run?.phase) {
    case 'stored':
    case 'failed':
    case 'rejected':
      // The function that ended the run may have died before it sent the event.
      return run.announced ? 'finish' : 'republish';
    case 'submitted':
      return 'start-generation';
    case 'sending':
      return 'reconcile';
    case 'claimed':
      if (hasOpenSend(run)) return 'reconcile';
      if (isInputRefused(run)) return 'reject';
      if (run.attempts >= MAX_ATTEMPTS) return 'give-up';
      return run.onDuplicate === undefined || isDeleted ? 'describe' : 'submit';
    case undefined:
      return 'describe';
  }
}

/** Whether a send may have become a job: it was refused, or its outcome is unknown, and nothing is proved. */
export function hasOpenSend({ sends }: Pick<RunState, 'sends'>): boolean {
  return sends.some(({ noJob }) => !noJob);
}

/** Scenario itself refuses the image or its parameters, so it would refuse another send, too. */
function isInputRefused({ sends }: RunState): boolean {
  const refusal = sends.at(-1)?.refusal;
  return refusal?.kind === 'input' && refusal.own;
}
