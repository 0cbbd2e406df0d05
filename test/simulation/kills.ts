import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import sharp from 'sharp';
import * as z from 'zod';
import { recordSchema, type RunRecord } from '../../functions/run/record.ts';
import { parseJson } from '../../functions/platform/json.ts';
import { runIdOf } from '../../functions/run/upload.ts';

/**
 * Runs the whole local run over real HTTP and in its own processes, kills it with `kill -9` at random times, and
 * restarts it with the same data. In the end, every image in the bucket must have one result and at most one paid job.
 */
export interface KillOptions {
  readonly kills: number;
  /** Returns a number from 0 up to, but not including, 1. */
  readonly random: () => number;
  readonly onProgress: (line: string) => void;
}

export interface KillFigures {
  readonly kills: number;
  /** The number of processes that were killed before they were ready. */
  readonly beforeReady: number;
  readonly uploads: number;
  readonly jobs: number;
  readonly events: number;
  readonly violations: readonly string[];
}

const UPLOADS = 'meshdrop-uploads';
const ASSETS = 'meshdrop-assets';
const LONGEST_LIFE_MS = 5_000;
/** An uncertain send is settled after eight minutes by the clock of S3, which the speed doesn't change. */
const CALM_MS = 15 * 60_000;
const STEP_MS = 500;

export async function killCampaign({ kills, random, onProgress }: KillOptions): Promise<KillFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-kills-'));
  let beforeReady = 0;
  try {
    for (let kill = 1; kill <= kills; kill += 1) {
      const life = await liveAndDie(folder, kill, random);
      if (!life.wasReady) beforeReady += 1;
      onProgress(
        `kill ${kill} of ${kills} after ${life.livedMs} ms${life.wasReady ? '' : ', before the process was ready'}`,
      );
    }
    const found = await lookAfterwards(folder, onProgress);
    return { kills, beforeReady, ...found };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Life {
  readonly wasReady: boolean;
  readonly livedMs: number;
}

async function liveAndDie(folder: string, round: number, random: () => number): Promise<Life> {
  const lifeMs = Math.round(random() * LONGEST_LIFE_MS);
  // One in eight processes is killed during its start, the others some time after they are ready.
  const startsAtAll = round === 1 || random() > 0.125;
  const child = start(folder);
  const begun = Date.now();
  const addresses = await Promise.race([ready(folder, child), ...(startsAtAll ? [] : [sleep(lifeMs / 4, undefined)])]);
  if (addresses) {
    const client = clientOf(addresses.endpoint);
    // Two uploads at a time, sometimes with the same key. The bucket shows which uploads count, whether or not S3 could
    // answer.
    const names = [`chair-${round}.png`, random() < 0.3 ? 'again.png' : `lamp-${round}.png`];
    const drops = names.map((name) => drop(client, name, round).catch(() => undefined));
    await Promise.race([Promise.all(drops).then(() => sleep(lifeMs)), sleep(lifeMs)]);
    client.destroy();
  }
  await kill(child);
  return { wasReady: addresses !== undefined, livedMs: Date.now() - begun };
}

function start(folder: string): ChildProcess {
  const command = join(import.meta.dirname, '..', '..', 'local', 'cli', 'start.mjs');
  const options = ['--speed', '100', '--job-seconds', '0.5', '--port', '0', '--page-port', '0'];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SCENARIO_')));
  return spawn(process.execPath, [command, ...options, '--data', 'data', '--out', 'out'], {
    cwd: folder,
    env,
    stdio: 'ignore',
  });
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await gone;
  }
  // The child processes exit when their channel closes.
  await sleep(50);
}

interface Addresses {
  readonly pid: number;
  readonly endpoint: string;
  readonly scenario: string;
}

async function ready(folder: string, child: ChildProcess): Promise<Addresses | undefined> {
  while (child.exitCode === null && child.signalCode === null) {
    const text = await readFile(join(folder, 'data', 'local.json'), 'utf8').catch(() => '{}');
    const addresses = JSON.parse(text) as Partial<Addresses>;
    if (addresses.pid === child.pid && addresses.endpoint && addresses.scenario) return addresses as Addresses;
    await sleep(20);
  }
  return undefined;
}

function clientOf(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  });
}

async function drop(client: S3Client, key: string, round: number): Promise<void> {
  const background = { r: (round * 53) % 256, g: (round * 101) % 256, b: 90 };
  const image = sharp({ create: { width: 8, height: 8, channels: 3, background } });
  await client.send(new PutObjectCommand({ Bucket: UPLOADS, Key: key, Body: await image.png().toBuffer() }));
}

/** Starts Meshdrop again, waits until all runs have ended, and counts. */
async function lookAfterwards(folder: string, onProgress: (line: string) => void) {
  const child = start(folder);
  try {
    const addresses = await ready(folder, child);
    if (!addresses) throw new Error('the last start did not get ready');
    const client = clientOf(addresses.endpoint);
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: UPLOADS }));
    const runIds = Versions.map(({ Key: key = '', VersionId: versionId = '' }) =>
      runIdOf({ bucket: UPLOADS, key, versionId }),
    );
    await allAnswered(folder, new Set(runIds), onProgress);
    const ledger = (await (await fetch(`${addresses.scenario}/_control/ledger`)).json()) as Ledger;
    const events = await eventsIn(folder);
    const violations = [
      ...(await recordViolations(client, runIds, ledger)),
      ...(await manifestViolations(client, runIds)),
      ...eventViolations(events, runIds),
    ];
    client.destroy();
    return { uploads: runIds.length, jobs: ledger.jobs.length, events: events.length, violations };
  } finally {
    await kill(child);
  }
}

async function allAnswered(
  folder: string,
  runIds: ReadonlySet<string>,
  onProgress: (line: string) => void,
): Promise<void> {
  let told = -1;
  for (let waited = 0; waited < CALM_MS; waited += STEP_MS) {
    const answered = new Set((await eventsIn(folder)).map(({ runId }) => runId));
    const missing = [...runIds].filter((runId) => !answered.has(runId)).length;
    if (missing === 0) return;
    if (missing !== told) onProgress(`${missing} of ${runIds.size} uploads have no result yet`);
    told = missing;
    await sleep(STEP_MS);
  }
}

interface Ledger {
  readonly jobs: readonly { readonly jobId: string; readonly image: string }[];
}

async function recordViolations(
  client: S3Client,
  runIds: readonly string[],
  { jobs }: Ledger,
): Promise<readonly string[]> {
  const violations: string[] = [];
  const explained = new Set<string>();
  for (const runId of runIds) {
    const record = await recordOf(client, runId);
    const paid = jobs.filter(({ image }) => record?.sends.some(({ assetId }) => assetId === image));
    for (const { jobId } of paid) explained.add(jobId);
    if (paid.length > 1) violations.push(`${runId} was paid ${paid.length} times`);
    if (record?.phase !== 'stored') violations.push(`${runId} is ${record?.phase ?? 'without a record'}`);
  }
  const strays = jobs.filter(({ jobId }) => !explained.has(jobId));
  return [...violations, ...strays.map(({ jobId }) => `${jobId} was paid without an upload`)];
}

async function recordOf(client: S3Client, runId: string): Promise<RunRecord | undefined> {
  const { Body } = await client
    .send(new GetObjectCommand({ Bucket: ASSETS, Key: `runs/${runId}.json` }))
    .catch(() => ({ Body: undefined }));
  return Body && recordSchema.parse(JSON.parse(await Body.transformToString()));
}

async function manifestViolations(client: S3Client, runIds: readonly string[]): Promise<readonly string[]> {
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: ASSETS, Prefix: 'models/', ContinuationToken: token }),
    );
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
    token = page.NextContinuationToken;
  } while (token !== undefined);
  const manifests = keys.filter((key) => key.endsWith('/manifest.json'));
  return runIds.flatMap((runId) => {
    const count = manifests.filter((key) => key.includes(`/${runId}/`)).length;
    return count === 1 ? [] : [`${runId} has ${count} manifests`];
  });
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
async function eventsIn(folder: string): Promise<readonly Told[]> {
  const text = await readFile(join(folder, 'data', 'events.jsonl'), 'utf8').catch(() => '');
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
