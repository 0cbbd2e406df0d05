import { failure } from '../contract/failures.ts';
import type { Outcome } from '../run/conclude.ts';
import { hasOpenSend } from '../run/lifecycle.ts';
import { chargeOf, type Kept, type RecordIn, type RunRecord } from '../run/record.ts';
import { type Claim, readClaim } from '../run/result-index.ts';
import { TryLaterError } from './errors.ts';
import { type Claimed, reconcileSends } from './pay-once.ts';
import { settleSends } from './settle-sends.ts';
import { modelOf, type Submission } from './submission.ts';

/** A claim that its owner has not renewed for this long may be taken over, if nothing was paid for it. */
const STALE_MS = 24 * 3_600_000;
const FIRST_WAIT_MS = 60_000;
const MAX_WAIT_MS = 15 * 60_000;

/** How the run ends without paying, or the claim that it pays with: none if it asks for a model of its own. */
export type Turn = { readonly outcome: Outcome } | { readonly claim: Claim | undefined } | 'changed';

/**
 * Finds out whether this run is the one that buys its picture. Uploads with the same bytes, model and parameters share
 * one payment: the first of them owns the picture, and the others wait for its result.
 *
 * @throws TryLaterError if another run is making the model
 */
export async function takeTurn(claimed: Claimed, submission: Submission): Promise<Turn> {
  const { record } = claimed;
  if (record.onDuplicate !== 'reuse') return { claim: undefined };
  const claim = await readClaim(record, submission.runs.documents);
  const { owner } = claim;
  if (!owner) return { claim };
  if (owner.runId === record.runId) return (await restoreSend(claimed, claim, submission)) ? 'changed' : { claim };
  const standing = await submission.runs.records.read(owner.runId);
  switch (standing?.record.phase) {
    case 'rejected':
      return { claim };
    case 'stored': {
      const { record: stored } = standing as Kept<RecordIn<'stored'>>;
      return (await hasItsFiles(stored, submission)) ? { outcome: reuse(stored) } : { claim };
    }
    case 'failed': {
      const { record: failed } = standing as Kept<RecordIn<'failed'>>;
      return failed.jobId !== undefined && chargeOf(failed) !== 0 ? { outcome: failLike(failed) } : { claim };
    }
    case 'submitted':
      throw waitFor(owner.runId, record, submission);
    case 'claimed':
    case 'sending':
    case undefined:
      if (claim.ageMs < STALE_MS) throw waitFor(owner.runId, record, submission);
      return await takeOver(claim, standing as Standing, submission);
  }
}

/**
 * The claim names a send that the record does not know. Somebody removed the record or restored an earlier version of
 * it, or an invocation died right before its write to `sending`. Adds the send, so that the job list is asked about it.
 */
async function restoreSend(claimed: Claimed, { owner }: Claim, { runs }: Submission): Promise<boolean> {
  const { record } = claimed;
  const send = owner?.send;
  if (!send || record.sends.some(({ assetId }) => assetId === send.assetId)) return false;
  await runs.records.replace(claimed, { ...record, sends: [...record.sends, { ...send, sentBy: 'restored' }] });
  return true;
}

function waitFor(ownerId: string, { claimedAt }: RunRecord, { clock }: Submission): TryLaterError {
  const waitedMs = clock.now() - Date.parse(claimedAt ?? '');
  const waitMs = Math.min(MAX_WAIT_MS, Math.max(FIRST_WAIT_MS, waitedMs || 0));
  return new TryLaterError(`the run ${ownerId} is making the model of the same picture`, waitMs / 1000);
}

async function hasItsFiles({ assets }: RecordIn<'stored'>, { runs: { documents } }: Submission): Promise<boolean> {
  for (const { key, versionId } of assets) if (!(await documents.exists(key, versionId))) return false;
  return true;
}

function reuse(earlier: RecordIn<'stored'>): Outcome {
  const { phase, runId, jobId, submittedAt, jobFinishedAt, assets, missing, reusedFrom = runId } = earlier;
  return { phase, assets, missing, cu: 0, reusedFrom, jobId, submittedAt, jobFinishedAt };
}

/** The same picture is not bought again and again if its model, which is paid for, could not be stored. */
function failLike({ runId, failure: { code, reason } }: RecordIn<'failed'>): Outcome {
  const failed = failure(code, `the run ${runId} has paid for the same picture and failed: ${reason}`);
  const hint =
    code === 'no-model' ? failed.hint : `ask the team to redrive the run ${runId}, then upload the image again`;
  return { phase: 'failed', failure: { ...failed, hint } };
}

type Standing = (Kept<RecordIn<'claimed' | 'sending'>> & { readonly ageMs: number }) | undefined;

/**
 * Takes the picture over from an owner that stands still, but only after the job list has shown that the owner's sends
 * made no job. If there is a job, the owner gets it.
 */
async function takeOver(claim: Claim, standing: Standing, submission: Submission): Promise<Turn> {
  const { telemetry } = submission;
  const model = modelOf(standing?.record ?? {}, submission);
  if (standing && (standing.record.phase === 'sending' || hasOpenSend(standing.record))) {
    await reconcileSends(standing, model, submission);
    return 'changed';
  }
  const { owner } = claim;
  const isListed = standing?.record.sends.some(({ assetId }) => assetId === owner?.send?.assetId);
  if (owner?.send && !isListed) {
    const sends = [{ ...owner.send, sentBy: owner.runId }];
    const lost = await settleSends(
      { record: { sends, phase: 'sending' }, ageMs: claim.ageMs },
      { ...submission, model },
    );
    if (lost) {
      const why = `the job ${lost.jobId} belongs to the run ${owner.runId}, whose record does not know it`;
      telemetry.log.error(why);
      throw new TryLaterError(why, MAX_WAIT_MS / 1000);
    }
  }
  telemetry.log.warn('takes over the picture', { owner: owner?.runId });
  return { claim };
}
