import { publish } from '../../functions/run/conclude.ts';
import { eventOf } from '../../functions/run/event.ts';
import { type RunRecord } from '../../functions/run/record.ts';
import { manifestKey } from '../../functions/run/upload.ts';
import { optionsHelp } from './command-line.ts';
import { type Done, operate } from './operate.ts';
import type { OperatorTools } from './operator-tools.ts';

const help = `Announces the result of a run once more: the same event, with the same eventId.

  npm run redeliver -- RUNID [--outputs FILE | --data DIR]

${optionsHelp}`;

/** Record, manifest, event: as the run itself was answered. */
async function redeliver({ runId, phase }: RunRecord, tools: OperatorTools): Promise<Done> {
  const record = await publish(runId, tools);
  if (!record)
    return {
      done: false,
      sentence: `the run ${runId} has not ended (it is ${phase}): there is nothing to announce yet`,
    };
  const { detailType } = eventOf(record, {
    bucket: tools.assetBucket,
    key: manifestKey(record.upload.key, runId),
  });
  return { done: true, sentence: `announced "${detailType}" of ${runId} again` };
}

process.exitCode = await operate({ name: 'redeliver', help, work: redeliver }, process.argv.slice(2));
