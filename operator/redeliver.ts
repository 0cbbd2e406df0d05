import { type RunRecord } from '../functions/run/record.ts';
import { DEPLOYMENT, optionsHelp } from './command-line.ts';
import { type Done, operate } from './operate.ts';
import type { OperatorTools } from './operator-tools.ts';
import { republish } from '../functions/run/conclude.ts';
import { toEvent } from '../functions/run/event.ts';
import { manifestKey } from '../functions/run/keys.ts';

const help = `Announces the result of a run again: the same event, with the same eventId.

  npx meshdrop redeliver RUNID ${DEPLOYMENT}

${optionsHelp}`;

/** Writes the manifest and publishes the event again, as the record says. */
async function redeliverRun({ runId, phase }: RunRecord, tools: OperatorTools): Promise<Done> {
  const record = await republish(runId, tools);
  if (!record)
    return {
      done: false,
      sentence: `the run ${runId} has not ended (its phase is ${phase}), so there is nothing to announce yet`,
    };
  const { detailType } = toEvent(record, {
    bucket: tools.assetBucket,
    key: manifestKey(record.upload.key, runId),
  });
  return { done: true, sentence: `announced "${detailType}" of ${runId} again` };
}

/** @returns the exit code */
export async function redeliver(args: readonly string[]): Promise<number> {
  return await operate({ name: 'redeliver', help, work: redeliverRun }, args);
}
