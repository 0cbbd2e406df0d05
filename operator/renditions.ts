import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { toEvent } from '../functions/run/event.ts';
import { manifestKey, recordKey } from '../functions/run/keys.ts';
import type { FinalRecord, RunRecord } from '../functions/run/record.ts';
import { orderMessage } from '../functions/run/stored-model.ts';
import { checkDeployment, DEPLOYMENT, type DeploymentCall, deploymentOptions, optionsHelp } from './command-line.ts';
import { command, type Done, recordOf } from './operate.ts';
import type { OperatorTools } from './operator-tools.ts';
import { optionsIn } from './options.ts';
import { UsageError } from './usage-error.ts';

const help = `Makes the renditions of models again, after the settings have changed or something failed. Costs nothing at Scenario.

  npx meshdrop renditions RUNID ${DEPLOYMENT}
  npx meshdrop renditions --all [--since DATE] ${DEPLOYMENT}

  --all            of every stored model
  --since DATE     only of those that were stored since then, such as 2026-11-01 or 2026-11-01T12:00:00Z
${optionsHelp}
Models whose renditions exist for the same settings are only announced again, with the same eventId.
`;

interface RenditionsCall extends DeploymentCall {
  /** Undefined for all runs. */
  readonly runId: string | undefined;
  /** Milliseconds since 1970. */
  readonly since: number;
}

const options = { ...deploymentOptions, all: { type: 'boolean' }, since: { type: 'string' } } as const;

/** @throws UsageError */
function readRenditionsCall(args: readonly string[]): RenditionsCall | 'help' {
  const { values, positionals } = optionsIn(args, { options, allowPositionals: true });
  if (values.help) return 'help';
  const [runId, ...more] = positionals;
  const all = values.all ?? false;
  if (!all && runId === undefined) throw new UsageError('name a run by its ID, or use --all');
  if (all && runId !== undefined) throw new UsageError(`--all means every run; remove ${runId} or --all`);
  if (more.length > 0) throw new UsageError(`name one run at a time, not ${positionals.length}, or use --all`);
  if (!all && values.since !== undefined) throw new UsageError('--since needs --all');
  return { runId, since: timeOf(values.since), ...checkDeployment(values) };
}

const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)?$/;

function timeOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const time = DATE.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new UsageError(`--since ${text}: use a date in UTC, such as 2026-11-01`);
  return time;
}

const TELL_EVERY = 100;

async function order(
  { runId, since }: RenditionsCall,
  tools: OperatorTools,
  say: (sentence: string) => void,
): Promise<Done> {
  if (tools.renditionsQueueUrl === undefined)
    throw new UsageError('this deployment makes no renditions; set renditions in cdk.json, and deploy');
  if (runId !== undefined) {
    const record = await recordOf(runId, tools);
    if (record.phase !== 'stored')
      return { done: false, sentence: `the run ${runId} has no model (its phase is ${record.phase})` };
    await send(record, tools);
    return { done: true, sentence: `the renditions of ${runId} are made again if the settings have changed` };
  }
  let [sent, seen] = [0, 0];
  for await (const record of storedRuns(tools)) {
    seen += 1;
    if (seen % TELL_EVERY === 0) say(`${seen} runs seen, ${sent} models sent`);
    if (record.phase !== 'stored' || Date.parse(record.finishedAt) < since) continue;
    await send(record, tools);
    sent += 1;
  }
  return {
    done: true,
    sentence: `sent ${sent} of ${seen} runs; their renditions are made if the settings have changed`,
  };
}

async function send(
  record: FinalRecord,
  { sqs, assetBucket: bucket, renditionsQueueUrl }: OperatorTools,
): Promise<void> {
  const event = toEvent(record, { bucket, key: manifestKey(record.upload.key, record.runId) });
  await sqs.send(new SendMessageCommand({ QueueUrl: renditionsQueueUrl, MessageBody: orderMessage(event) }));
}

const RECORD = new RegExp(`^${recordKey('(.+)').replace('.json', String.raw`\.json`)}$`);

async function* storedRuns({ s3, assetBucket: Bucket, records }: OperatorTools): AsyncGenerator<RunRecord> {
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'runs/', ContinuationToken }));
    for (const { Key = '' } of page.Contents ?? []) {
      const [, runId] = RECORD.exec(Key) ?? [];
      const kept = runId === undefined ? undefined : await records.read(runId);
      if (kept) yield kept.record;
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
}

/** @returns the exit code */
export async function renditions(args: readonly string[]): Promise<number> {
  return await command({ name: 'renditions', help, read: readRenditionsCall }, args, order);
}
