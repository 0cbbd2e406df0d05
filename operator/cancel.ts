import { failure } from '../functions/contract/failures.ts';
import { conclude } from '../functions/run/conclude.ts';
import { hasOpenSend } from '../functions/run/lifecycle.ts';
import type { RunRecord } from '../functions/run/record.ts';
import { DEPLOYMENT, optionsHelp } from './command-line.ts';
import { type Done, operate } from './operate.ts';
import type { OperatorTools } from './operator-tools.ts';

const help = `Ends a run that has not been paid, and announces that it failed. A paid job can't be canceled.

  npx meshdrop cancel RUNID ${DEPLOYMENT}

${optionsHelp}`;

const REASON = 'an operator ended the run before anything was paid';

/** Ends the run only while it is certain that nothing is paid: no send may be open. */
async function cancelRun(record: RunRecord, tools: OperatorTools): Promise<Done> {
  const { runId, phase } = record;
  if (phase === 'sending' || (phase === 'claimed' && hasOpenSend(record))) {
    const sentence = `the run ${runId} has sent a request that can still become a paid job; SubmitJob finds out within minutes, so try again later`;
    return { done: false, sentence };
  }
  if (phase !== 'claimed') return { done: false, sentence: `the run ${runId} cannot be ended: it is ${phase}` };
  const hint = 'to make a model of this image after all, upload it again';
  const ended = await conclude(record, { phase: 'failed', failure: { ...failure('aborted', REASON), hint } }, tools);
  if (ended) return { done: true, sentence: `the run ${runId} has ended as failed, and nothing was paid` };
  return { done: false, sentence: `the run ${runId} has just moved on; look again` };
}

/** @returns the exit code */
export async function cancel(args: readonly string[]): Promise<number> {
  return await operate({ name: 'cancel', help, work: cancelRun }, args);
}
