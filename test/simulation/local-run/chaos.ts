import type { ChildProcess } from 'node:child_process';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { S3Client } from '@aws-sdk/client-s3';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { between, type Random } from '../world/random.ts';
import { figuresOf, lookAfterwards } from './look-afterwards.ts';
import { type Addresses, clientOf, drop, kill, ready, start, UPLOADS } from './service-process.ts';

/**
 * Runs the local run for a day of its own time, with a stand-in whose mood changes, kills, full disks, and starts on
 * damaged copies of the data folder. In the end, the ledger of the stand-in and the manifests must say the same.
 */
export interface ChaosOptions {
  /** Hours of the local run, which is 60 times as fast. */
  readonly hours: number;
  readonly random: Random;
  readonly onProgress: (line: string) => void;
}

const SPEED = 60;
const JOB_SECONDS = 2;
const DATA = join('disk', 'data');
const DISK_BYTES = 96 * 1024 * 1024;

const generate = 'generate' as const;
const always = { times: 1_000_000 } as const;
/** What Scenario is like during a life of the local run. */
const MOODS: Readonly<Record<string, object>> = {
  good: {},
  slow: { jobSeconds: 20 },
  busy: { concurrencyCeiling: 1 },
  failing: { faults: [{ on: generate, what: 'fails', times: 2 }] },
  'losing answers': { faults: [{ on: generate, what: 'lost-cut', times: 2 }] },
  'answering 502': { faults: [{ on: generate, what: 'lost-502', times: 2 }] },
  'refusing too many requests': { faults: [{ on: generate, what: 'too-many-requests', ...always }] },
  down: { faults: [{ on: 'getJob', what: 'server-error', as: 'html', ...always }] },
  'breaking downloads': { faults: [{ on: 'cdn', what: 'truncated', times: 4 }] },
  'letting links expire': { signedUrlSeconds: 0.2 },
  'listing late': { listLagSeconds: 30, faults: [{ on: generate, what: 'lost-504', times: 2 }] },
};
/** After it, Meshdrop asks again only every fifteen minutes, which the speed doesn't change. */
const NO_CREDITS = ['out of credits', { creditsLeft: 0 }] as const;
const NO_CREDITS_IN_LIFE = 20;

const CALM = {
  concurrencyCeiling: 5,
  jobSeconds: JOB_SECONDS,
  creditsLeft: null,
  signedUrlSeconds: 86_400,
  listLagSeconds: 0,
  faults: [],
};

export async function chaosDay({ hours, random, onProgress }: ChaosOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-chaos-'));
  const hasDisk = await mountDisk(join(folder, 'disk'));
  if (!hasDisk) onProgress('the disk is never full: to mount a small one takes Linux and root');
  const counts = { lives: 0, kills: 0, fullDisks: 0, damagedCopies: 0, refusedCopies: 0 };
  const violations: string[] = [];
  const end = Date.now() + (hours * 3_600_000) / SPEED;
  try {
    while (Date.now() < end) {
      counts.lives += 1;
      const life = await live(folder, counts.lives, { random, hasDisk });
      if (life.isDiskFull) counts.fullDisks += 1;
      if (life.isKilled) counts.kills += 1;
      onProgress(`life ${counts.lives}: ${life.told}`);
      if (random() > 0.4) continue;
      counts.damagedCopies += 1;
      const copy = await startDamagedCopy(folder, random);
      if (copy.isRefused) counts.refusedCopies += 1;
      if (copy.violation !== undefined) violations.push(copy.violation);
      onProgress(`  a copy with ${copy.damage}: ${copy.violation ?? copy.told}`);
    }
    const child = startHere(folder);
    void calmDown(folder, child);
    const found = await lookAfterwards(child, folder, onProgress, DATA);
    return { hours, ...counts, ...figuresOf(found), violations: [...violations, ...found.violations] };
  } finally {
    if (hasDisk) await promisify(execFile)('umount', ['-l', join(folder, 'disk')]);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Mounts a small disk, where this is possible. */
async function mountDisk(folder: string): Promise<boolean> {
  await mkdir(folder);
  const words = ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder];
  return await promisify(execFile)('mount', words).then(
    () => true,
    () => false,
  );
}

const startHere = (folder: string) => start(folder, { speed: SPEED, jobSeconds: JOB_SECONDS, data: DATA });

interface Tools {
  readonly random: Random;
  readonly hasDisk: boolean;
}

/** Starts, uploads, has trouble, and ends: mostly by a kill. */
async function live(folder: string, number: number, { random, hasDisk }: Tools) {
  const child = startHere(folder);
  // One in eight processes is killed during its start.
  if (number > 1 && random() < 0.125) {
    await sleep(between(0, 1_500, random));
    await kill(child);
    return { isKilled: true, isDiskFull: false, told: 'killed before it was ready' };
  }
  const addresses = await ready(folder, child, DATA);
  if (!addresses) throw new Error(`life ${number} did not get ready: ${await errorsOf(child)}`);
  child.stderr?.resume();
  const [mood, knobs] = number === NO_CREDITS_IN_LIFE ? NO_CREDITS : pick(Object.entries(MOODS), random);
  await setMood(addresses, knobs);
  const client = clientOf(addresses.endpoint);
  const drops = dropSome(client, number, random);
  const isDiskFull = hasDisk && random() < 0.25;
  if (isDiskFull) await fillDisk(folder, between(3_000, 12_000, random));
  await sleep(between(2_000, 30_000, random));
  await Promise.race([drops, sleep(1_000)]);
  client.destroy();
  const isKilled = random() < 0.8;
  await kill(child, isKilled ? 'SIGKILL' : 'SIGTERM');
  const told = [mood, ...(isDiskFull ? ['with a full disk'] : []), isKilled ? 'killed' : 'ended'].join(', ');
  return { isKilled, isDiskFull, told };
}

async function errorsOf(child: ChildProcess): Promise<string> {
  return child.stderr ? (await child.stderr.toArray()).join('') : '';
}

/** Uploads pictures, some of them again, and now and then a file that is none. */
async function dropSome(client: S3Client, number: number, random: Random): Promise<void> {
  const uploads = [
    () => drop(client, `chairs/chair ${number}.png`, number),
    () => drop(client, random() < 0.3 ? 'again.png' : `lamp-${number}.png`, random() < 0.3 ? 1 : number + 1_000),
    () => client.send(new PutObjectCommand({ Bucket: UPLOADS, Key: `note-${number}.png`, Body: 'no picture' })),
  ];
  const count = 1 + Math.floor(random() * uploads.length);
  await Promise.all(uploads.slice(0, count).map((upload) => upload().catch(() => undefined)));
}

async function setMood({ scenario }: Addresses, knobs: object): Promise<void> {
  const body = JSON.stringify({ ...CALM, ...knobs });
  const { ok } = await fetch(`${scenario}/_control`, { method: 'POST', body });
  if (!ok) throw new Error(`the stand-in refuses the mood ${body}`);
}

async function calmDown(folder: string, child: ChildProcess): Promise<void> {
  const addresses = await ready(folder, child, DATA);
  child.stderr?.resume();
  if (addresses) await setMood(addresses, {});
}

/** Leaves no space on the disk for this long. */
async function fillDisk(folder: string, ms: number): Promise<void> {
  const file = join(folder, 'disk', 'filler');
  const handle = await open(file, 'w');
  const block = Buffer.alloc(256 * 1024);
  try {
    for (let bytes = 0; bytes < DISK_BYTES; bytes += block.length) await handle.write(block);
  } catch {
    // It is full.
  } finally {
    await handle.close();
  }
  await sleep(ms);
  await rm(file, { force: true });
}

/** Starts on a damaged copy. It must serve, or refuse in words: exit code 2, and no stack trace. */
async function startDamagedCopy(folder: string, random: Random) {
  const elsewhere = await mkdtemp(join(tmpdir(), 'meshdrop-damaged-'));
  try {
    await cp(join(folder, DATA), join(elsewhere, 'data'), { recursive: true });
    const damage = await damageOne(join(elsewhere, 'data'), random);
    const child = start(elsewhere, { speed: SPEED, jobSeconds: JOB_SECONDS });
    const errors = errorsOf(child);
    const isServing = (await ready(elsewhere, child)) !== undefined;
    if (isServing) {
      await sleep(1_000);
      await kill(child, 'SIGTERM');
    }
    const [code, text] = [child.exitCode, await errors];
    const hasTrace = /^\s+at /m.test(text);
    const isFine = !hasTrace && (isServing || code === 2);
    return {
      damage,
      isRefused: !isServing,
      told: isServing ? 'starts' : (text.trim().split('\n').at(-1) ?? ''),
      violation: isFine ? undefined : `${damage} ends with exit code ${code}: ${text.slice(-2_000)}`,
    };
  } finally {
    await rm(elsewhere, { recursive: true, force: true });
  }
}

async function damageOne(dataFolder: string, random: Random): Promise<string> {
  const entries = await readdir(dataFolder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  // Each folder is as likely as any other, however many files it has.
  const folders = Object.values(Object.groupBy(files.toSorted(), (file) => dirname(file)));
  const file = pick(pick(folders, random) ?? [], random);
  const name = file.slice(dataFolder.length + 1);
  const bytes = await readFile(file);
  const at = Math.floor(random() * bytes.length);
  const [kind, damage] = pick(
    [
      ['cut', () => truncate(file, at)],
      ['emptied', () => truncate(file, 0)],
      ['missing', () => rm(file)],
      ['changed', () => writeFile(file, bytes.fill(0, at, Math.min(at + 8, bytes.length)))],
    ] as const,
    random,
  );
  await damage();
  return `${name} ${kind}`;
}

function pick<T>(list: readonly T[], random: Random): T {
  const picked = list[Math.floor(random() * list.length)];
  if (picked === undefined) throw new Error('there is nothing to pick from');
  return picked;
}
