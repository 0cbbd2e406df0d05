import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, ListObjectsV2Command, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { parseJson } from '../../../functions/platform/json.ts';
import { recordSchema, type RunRecord } from '../../../functions/run/record.ts';
import { runIdOf } from '../../../functions/run/upload.ts';
import type { Ledger } from '../../../local/scenario/jobs/ledger.ts';
import { ASSETS, clientOf, kill, ready, UPLOADS } from './service-process.ts';

/** What is left when all runs have ended. */
export interface Found {
  readonly uploads: number;
  readonly jobs: number;
  readonly events: number;
  /** The final phases of the runs. */
  readonly phases: readonly string[];
  readonly violations: readonly string[];
}

/** The counts, with the number of runs by phase. */
export function figuresOf({ uploads, jobs, events, phases }: Found) {
  const counts = Object.entries(Object.groupBy(phases, (phase) => phase));
  return {
    uploads,
    jobs,
    events,
    phases: counts.map(([phase, runs]) => `${runs?.length} ${phase}`).join(', '),
  };
}

/** An uncertain send is settled after eight minutes by the clock of S3, which the speed doesn't change. */
const CALM_MS = 25 * 60_000;
const STEP_MS = 500;

/** Waits until all runs have ended, and compares what each part says about them. */
export async function lookAfterwards(
  child: ChildProcess,
  folder: string,
  onProgress: (line: string) => void,
  data = 'data',
): Promise<Found> {
  try {
    const addresses = await ready(folder, child, data);
    if (!addresses) throw new Error('the last start did not get ready');
    const client = clientOf(addresses.endpoint);
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: UPLOADS }));
    const runIds = Versions.map(({ Key: key = '', VersionId: versionId = '' }) =>
      runIdOf({ bucket: UPLOADS, key, versionId }),
    );
    await allAnswered(join(folder, data), new Set(runIds), onProgress);
    const ledger = (await (await fetch(`${addresses.scenario}/_control/ledger`)).json()) as Ledger;
    const events = await eventsIn(join(folder, data));
    const ends = await Promise.all(runIds.map((runId) => endOf(client, runId)));
    const violations = [
      ...paymentViolations(ends, ledger),
      ...ends.flatMap(({ runId, manifests }) =>
        manifests.length === 1 ? [] : [`${runId} has ${manifests.length} manifests`],
      ),
      ...costViolations(ends, ledger),
      ...eventViolations(events, runIds),
    ];
    client.destroy();
    const phases = ends.map(({ record }) => record?.phase ?? 'without a record');
    return { uploads: runIds.length, jobs: ledger.jobs.length, events: events.length, phases, violations };
  } finally {
    await kill(child);
  }
}

async function allAnswered(
  dataFolder: string,
  runIds: ReadonlySet<string>,
  onProgress: (line: string) => void,
): Promise<void> {
  let told = -1;
  for (let waited = 0; waited < CALM_MS; waited += STEP_MS) {
    const answered = new Set((await eventsIn(dataFolder)).map(({ runId }) => runId));
    const missing = [...runIds].filter((runId) => !answered.has(runId)).length;
    if (missing === 0) return;
    if (missing !== told) onProgress(`${missing} of ${runIds.size} uploads have no result yet`);
    told = missing;
    await sleep(STEP_MS);
  }
}

/** What the bucket says about a run. */
interface End {
  readonly runId: string;
  readonly record: RunRecord | undefined;
  readonly manifests: readonly Manifest[];
}

const manifestSchema = z.object({
  runId: z.string(),
  status: z.string(),
  job: z.object({ jobId: z.string(), cu: z.number().optional() }).optional(),
  reusedFrom: z.unknown().optional(),
});
type Manifest = z.infer<typeof manifestSchema>;

async function endOf(client: S3Client, runId: string): Promise<End> {
  const record = await recordOf(client, runId);
  const page = { Bucket: ASSETS, Prefix: `models/${record?.upload.key ?? ''}/${runId}/` };
  const { Contents = [] } = await client.send(new ListObjectsV2Command(page));
  const keys = Contents.flatMap(({ Key = '' }) => (Key.endsWith('/manifest.json') ? Key : []));
  const texts = await Promise.all(keys.map((key) => textOf(client, key)));
  return { runId, record, manifests: texts.map((text) => manifestSchema.parse(JSON.parse(text ?? ''))) };
}

async function recordOf(client: S3Client, runId: string): Promise<RunRecord | undefined> {
  const text = await textOf(client, `runs/${runId}.json`);
  return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
}

async function textOf(client: S3Client, key: string): Promise<string | undefined> {
  const { Body } = await client
    .send(new GetObjectCommand({ Bucket: ASSETS, Key: key }))
    .catch(() => ({ Body: undefined }));
  return await Body?.transformToString();
}

function paymentViolations(ends: readonly End[], { jobs }: Ledger): readonly string[] {
  const violations: string[] = [];
  const explained = new Set<string>();
  for (const { runId, record } of ends) {
    const paid = jobs.filter(({ image }) => record?.sends.some(({ assetId }) => assetId === image));
    for (const { jobId } of paid) explained.add(jobId);
    if (paid.length > 1) violations.push(`${runId} was paid ${paid.length} times`);
    if (!record || !['stored', 'failed', 'rejected'].includes(record.phase))
      violations.push(`${runId} is ${record?.phase ?? 'without a record'}`);
  }
  const strays = jobs.filter(({ jobId }) => !explained.has(jobId));
  return [...violations, ...strays.map(({ jobId }) => `${jobId} was paid without an upload`)];
}

/** Each paid job is in one manifest of its own run, with its charge. */
function costViolations(ends: readonly End[], { jobs, cuCharged, cuRefunded }: Ledger): readonly string[] {
  const own = ends.flatMap(({ manifests: [manifest] }) =>
    manifest?.job && manifest.reusedFrom === undefined ? [manifest.job] : [],
  );
  const named = own.map(({ jobId }) => jobId);
  const unnamed = jobs.filter(({ jobId }) => named.filter((one) => one === jobId).length !== 1);
  const cu = own.reduce((sum, job) => sum + (job.cu ?? 0), 0);
  const isEqual = Math.abs(cu - (cuCharged - cuRefunded)) < 0.001;
  return [
    ...unnamed.map(({ jobId }) => `the manifests do not name the paid job ${jobId} once`),
    ...(isEqual ? [] : [`the manifests say ${cu} compute units, and Scenario says ${cuCharged - cuRefunded}`]),
  ];
}

interface Told {
  readonly runId: string;
  readonly eventId: string;
  readonly detailType: string;
}

const eventSchema = z.object({
  'detail-type': z.string(),
  detail: z.object({ metadata: z.object({ runId: z.string(), eventId: z.string() }) }),
});

/** A killed process can leave an incomplete last line, whose event was not accepted. */
async function eventsIn(dataFolder: string): Promise<readonly Told[]> {
  const text = await readFile(join(dataFolder, 'events.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const event = eventSchema.safeParse(parseJson(line)).data;
    return event ? [{ detailType: event['detail-type'], ...event.detail.metadata }] : [];
  });
}

function eventViolations(events: readonly Told[], runIds: readonly string[]): readonly string[] {
  const violations: string[] = [];
  for (const runId of runIds) {
    const told = events.filter((event) => event.runId === runId);
    const answers = new Set(told.map(({ detailType, eventId }) => `${detailType} ${eventId}`));
    if (answers.size !== 1) violations.push(`${runId} was announced as ${[...answers].join(', ') || 'nothing'}`);
  }
  return violations;
}
