import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import * as z from 'zod';
import { temporaryFolder } from '../temporary-folder.ts';

const examples = join(import.meta.dirname, '..', '..', '..', 'examples');

/** Options that make a run short and keep its files inside the working folder. */
export const quick = ['--speed', '100', '--job-seconds', '0.3', '--data', 'data', '--out', 'out'];

/** Creates a working folder with some of the example images. */
export async function folderWith(...images: readonly string[]): Promise<string> {
  return await filled(await temporaryFolder(), images);
}

async function filled(folder: string, images: readonly string[]): Promise<string> {
  for (const image of images) await copyFile(join(examples, image), join(folder, image));
  return folder;
}

const command = join(import.meta.dirname, '..', '..', '..', 'local', 'cli', 'start.mjs');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Meshdrop {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Runs the command in its own process in this folder. Kills it at the end of the test if it is still running. */
export function meshdrop(args: readonly string[], folder: string, env: NodeJS.ProcessEnv = {}): Meshdrop {
  const started = start(args, folder, env);
  onTestFinished(() => killed(started));
  return started;
}

async function killed({ process: child, ended }: Meshdrop): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

function start(args: readonly string[], folder: string, env: NodeJS.ProcessEnv = {}): Meshdrop {
  // Renditions take the processor for seconds. The tests of renditions ask for them.
  const without = args.some((arg) => arg.startsWith('--renditions')) ? [] : ['--renditions', 'none'];
  const child = spawn(process.execPath, [command, ...args, ...without], {
    cwd: folder,
    env: { ...process.env, ...env },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (output.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output.stderr += text.toString()));
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...output })));
  return { process: child, ended };
}

const addresses = z.object({
  pid: z.number(),
  endpoint: z.url(),
  page: z.url(),
  scenario: z.url(),
  standIn: z.boolean(),
  token: z.string().default(''),
});

/** Waits until this process has written `local.json`, and returns its content. */
export async function readyAddresses(data: string, { process: child }: Meshdrop): Promise<z.infer<typeof addresses>> {
  for (;;) {
    const text = await readFile(join(data, 'local.json'), 'utf8').catch(() => '{}');
    const ready = addresses.safeParse(JSON.parse(text)).data;
    if (ready && ready.pid === child.pid) return ready;
    if (child.exitCode !== null) throw new Error(`the process exited with ${child.exitCode} before it was ready`);
    await sleep(20);
  }
}

/** A serving Meshdrop with its working folder and addresses. */
export interface Serving extends z.infer<typeof addresses> {
  readonly running: Meshdrop;
  readonly folder: string;
  readonly data: string;
  end(): Promise<void>;
}

/** How to call one that serves, on ports that are free. */
export const serve = ['--port', '0', '--page-port', '0', ...quick];

/**
 * Starts one Meshdrop for all tests of a file that don't stop it, because the start takes most of the time. The caller
 * must stop it.
 */
export async function servingForAll(...images: readonly string[]): Promise<Serving> {
  const cleaning: (() => Promise<void>)[] = [];
  const folder = await filled(await temporaryFolder((clean) => cleaning.push(clean)), images);
  const data = join(folder, 'data');
  const running = start(serve, folder);
  const end = async () => {
    await killed(running);
    for (const clean of cleaning) await clean();
  };
  try {
    return { running, folder, data, end, ...(await readyAddresses(data, running)) };
  } catch (error) {
    await end();
    throw error;
  }
}

const eventSchema = z.looseObject({
  source: z.string(),
  'detail-type': z.string(),
  detail: z.looseObject({
    metadata: z.object({ eventId: z.string(), runId: z.string() }),
    data: z.looseObject({
      upload: z.looseObject({ key: z.string(), versionId: z.string() }),
      model: z.object({ parameters: z.record(z.string(), z.unknown()).optional() }),
      manifest: z.object({ bucket: z.string(), key: z.string() }),
      assets: z
        .array(
          z
            .object({
              role: z.string(),
              key: z.string(),
              versionId: z.string(),
              bytes: z.number(),
              sha256: z.string(),
            })
            .loose(),
        )
        .default([]),
      failure: z.object({ code: z.string(), reason: z.string() }).loose().optional(),
    }),
  }),
});

export type WrittenEvent = z.infer<typeof eventSchema>;

/** Returns the events that were accepted so far. */
export async function writtenEvents(data: string): Promise<readonly WrittenEvent[]> {
  const text = await readFile(join(data, 'events.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => eventSchema.parse(JSON.parse(line)));
}

const ledgerSchema = z.object({ jobs: z.array(z.looseObject({ jobId: z.string() })), cuCharged: z.number() }).loose();

/** Returns all jobs that the stand-in has started. */
export async function ledgerOf(scenario: string): Promise<z.infer<typeof ledgerSchema>> {
  return ledgerSchema.parse(await (await fetch(`${scenario}/_control/ledger`)).json());
}

const resultSchema = z.strictObject({
  image: z.string(),
  status: z.enum(['stored', 'failed', 'rejected']),
  runId: z.string(),
  model: z.string().nullable(),
  manifest: z.string(),
  code: z.string().nullable(),
  reason: z.string().nullable(),
  seconds: z.number(),
  cu: z.number().nullable(),
  reusedFrom: z.string().nullable(),
  renditions: z
    .strictObject({
      web: z.string().nullable(),
      plain: z.string().optional(),
      ar: z.string().nullable(),
      poster: z.string().nullable(),
      turntable: z.string().nullable(),
    })
    .nullable(),
  standIn: z.boolean(),
});

/** Parses the lines that `--json` prints. */
export function resultsIn(stdout: string): readonly z.infer<typeof resultSchema>[] {
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => resultSchema.parse(JSON.parse(line)));
}
