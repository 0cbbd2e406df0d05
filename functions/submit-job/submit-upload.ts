import { DocumentUnreadableError, toError } from '../platform/errors.ts';
import { failure } from '../contract/failures.ts';
import { conclude, type Outcome, tooManyErrors } from '../run/conclude.ts';
import { ImportStuckError } from '../scenario/errors.ts';
import { MAX_ATTEMPTS, nextStep } from '../run/lifecycle.ts';
import { createUnclaimed, type Unclaimed } from '../run/record.ts';
import { type AnnouncedUpload, runIdOf } from '../run/upload.ts';
import { wasKnown } from '../run/was-known.ts';
import { TryLaterError } from './errors.ts';
import { holdAndRetry } from './hold.ts';
import { keepAsset, type Performed, performStep, type Standing, type Visit } from './perform-step.ts';
import { toUpload } from './read-image.ts';
import type { Claimed } from './pay-once.ts';
import type { Submission } from './submission.ts';

/**
 * Takes one upload to a paid job and a running execution, or to an answer that says why not. Safe to repeat at any
 * time, and safe twice at once: the record says what is done, and only the winner of the write to `sending` can pay.
 *
 * @throws TryLaterError if SQS must deliver the message again. Any other error is unexpected and counted
 */
export async function submitUpload(announced: AnnouncedUpload, submission: Submission): Promise<void> {
  const run = createUnclaimed(runIdOf(announced), toUpload(announced));
  submission.telemetry.log.appendKeys({ runId: run.runId });
  const visit: Visit = { run, announced, submission };
  try {
    await holdAndRetry(() => drive(visit), submission);
  } catch (error) {
    if (error instanceof DocumentUnreadableError) throw holdUnreadable(error, submission);
    if (error instanceof TryLaterError) await keepAsset(visit);
    if (error instanceof TryLaterError || !(await countAttempt(run, error, submission))) throw error;
  }
}

/** Reads the run, decides the next step, performs it, and repeats, until nothing is left to do here. */
async function drive(visit: Visit): Promise<void> {
  const { run, announced, submission } = visit;
  const { records } = submission.runs;
  // An upload that probes goes on with that. Otherwise, each attempt passes the gate again.
  if (visit.passed !== 'probe') visit.passed = undefined;
  let performed: Performed = 'changed';
  while (performed !== 'done') {
    const standing: Standing = performed === 'changed' ? await records.read(run.runId) : performed;
    if (performed === 'changed' && !standing && (await wasKnown(run, tracesOf(submission)))) {
      // Either somebody removed the record, or it was created just now.
      if (await records.read(run.runId)) continue;
      return;
    }
    performed = await performStep(nextStep(standing?.record, announced.isDeleted), standing, visit);
  }
}

function tracesOf({ runs: { documents }, sfn, stateMachineArn }: Submission) {
  return { documents, sfn, stateMachineArn };
}

const UNREADABLE_SECONDS = 900;

/**
 * An unreadable record is never counted and never written. A newer version may understand it, or a person must look.
 */
function holdUnreadable(error: DocumentUnreadableError, { telemetry }: Submission): TryLaterError {
  telemetry.count('RecordUnreadable', 1);
  telemetry.log.error('the record cannot be understood', { error });
  return new TryLaterError(error.message, UNREADABLE_SECONDS);
}

/**
 * Counts an unexpected error in the record, but only while nothing was sent. A paid job is never given up.
 *
 * @returns whether this was one error too many, and the run has ended
 */
async function countAttempt(run: Unclaimed, error: unknown, submission: Submission): Promise<boolean> {
  const { records } = submission.runs;
  const standing = await records.read(run.runId);
  if (!standing && (await wasKnown(run, tracesOf(submission)))) return false;
  if (standing && standing.record.phase !== 'claimed') return false;
  const attempts = (standing?.record.attempts ?? 0) + 1;
  const counted = standing
    ? await records.replace(standing as Claimed, { ...(standing as Claimed).record, attempts })
    : await records.create({ ...run, attempts, phase: 'claimed' });
  if (!counted || attempts < MAX_ATTEMPTS) return false;
  const lastError = toError(error);
  submission.telemetry.log.error('given up', { error: lastError });
  return (await conclude(run, whyGivenUp(lastError), submission.runs)) !== undefined;
}

function whyGivenUp(lastError: Error): Outcome {
  if (!(lastError instanceof ImportStuckError)) return tooManyErrors(lastError.message);
  return {
    phase: 'rejected',
    failure: failure('refused-by-scenario', `${lastError.message}, in ${MAX_ATTEMPTS} attempts`),
  };
}
