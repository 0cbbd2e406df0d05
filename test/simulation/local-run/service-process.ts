import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import sharp from 'sharp';

export const UPLOADS = 'meshdrop-uploads';
export const ASSETS = 'meshdrop-assets';

interface StartOptions {
  readonly speed?: number;
  readonly jobSeconds?: number;
  /** The data folder, below the folder of the start. */
  readonly data?: string;
  /** As for `--renditions`. They take the processor for seconds. @default none */
  readonly renditions?: string;
  /** More options of the command line. */
  readonly more?: readonly string[];
}

/** Starts `npm start`. Its standard error can be read. */
export function start(
  folder: string,
  { speed = 100, jobSeconds = 0.5, data = 'data', renditions = 'none', more = [] }: StartOptions = {},
): ChildProcess {
  const command = join(import.meta.dirname, '..', '..', '..', 'local', 'cli', 'start.mjs');
  const options = ['--speed', String(speed), '--job-seconds', String(jobSeconds), '--port', '0', '--page-port', '0'];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SCENARIO_')));
  return spawn(
    process.execPath,
    [command, ...options, '--data', data, '--out', 'out', '--renditions', renditions, ...more],
    {
      cwd: folder,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
}

/** Kills the process with `kill -9`, unless it has ended by itself. */
export async function kill(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal);
    await gone;
  }
  // The child processes exit when their channel closes.
  await sleep(50);
}

export interface Addresses {
  readonly pid: number;
  readonly endpoint: string;
  readonly scenario: string;
  readonly page: string;
}

/** Waits until the process serves. Undefined if it ends before. */
export async function ready(folder: string, child: ChildProcess, data = 'data'): Promise<Addresses | undefined> {
  while (child.exitCode === null && child.signalCode === null) {
    const text = await readFile(join(folder, data, 'local.json'), 'utf8').catch(() => '{}');
    const addresses = JSON.parse(text) as Partial<Addresses>;
    if (addresses.pid === child.pid && addresses.endpoint && addresses.scenario) return addresses as Addresses;
    await sleep(20);
  }
  return undefined;
}

export function clientOf(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  });
}

/** Uploads a picture whose color depends on the number, so that each number is another picture. */
export async function drop(client: S3Client, key: string, number: number): Promise<void> {
  const background = { r: (number * 53) % 256, g: (number * 101) % 256, b: 90 };
  const image = sharp({ create: { width: 32, height: 32, channels: 3, background } });
  await client.send(new PutObjectCommand({ Bucket: UPLOADS, Key: key, Body: await image.png().toBuffer() }));
}
