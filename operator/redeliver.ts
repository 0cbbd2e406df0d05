import { type RunRecord } from '../functions/run/record.ts';
import { optionsHelp } from './command-line.ts';
import { type Done, operate } from './operate.ts';
import type { OperatorTools } from './operator-tools.ts';
import { republish } from '../functions/run/conclude.ts';
import { toEvent } from '../functions/run/event.ts';
import { manifestKey } from '../functions/run/keys.ts';

const help = `Announces the result of a run again: the same event, with the same eventId.

  npm run redeliver -- RUNID [--outputs FILE | --data DIR]

${optionsHelp}`;

/** Writes the manifest and publishes the event again, as the record says. */
async function redeliver({ runId, phase }: RunRecord, tools: OperatorTools): Promise<Done> {
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

process.exitCode = await operate({ name: 'redeliver', help, work: redeliver }, process.argv.slice(2));
