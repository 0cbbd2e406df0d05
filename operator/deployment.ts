import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { OperatorCall } from './command-line.ts';
import { UsageError } from './usage-error.ts';
import { parseJson } from '../functions/platform/json.ts';

const outputsSchema = z.object({
  UploadBucketName: z.string(),
  AssetBucketName: z.string(),
  EventBusName: z.string(),
  StateMachineArn: z.string(),
  UploadsQueueUrl: z.string(),
  /** Absent if the setting renditions is empty. */
  RenditionsQueueUrl: z.string().optional(),
});

/** A Meshdrop that accepts commands. */
export interface Deployment {
  readonly outputs: z.infer<typeof outputsSchema>;
  readonly region: string;
  /** On this machine. Absent for AWS. */
  readonly endpoint?: string;
  /** The access key ID that the local run asks for. */
  readonly token?: string | undefined;
  /** Its name in messages. */
  readonly name: string;
}

const DATA = '.meshdrop';
const OUTPUTS = 'cdk.out/outputs.json';

/** @throws UsageError if there is none */
export async function findDeployment({ outputs, data }: Omit<OperatorCall, 'runId'>): Promise<Deployment> {
  const { endpoint, token } = outputs === undefined ? await runningIn(data ?? DATA) : {};
  if (data !== undefined && endpoint === undefined)
    throw new UsageError(`no Meshdrop runs with the data folder ${data}; start one with npm start -- --data ${data}`);
  const file = endpoint === undefined ? (outputs ?? OUTPUTS) : join(data ?? DATA, 'outputs.json');
  const found = await outputsIn(file);
  const [, , , region = '', account = ''] = found.StateMachineArn.split(':');
  if (endpoint === undefined)
    return {
      outputs: found,
      region,
      name: `the deployment in AWS account ${account}, ${region} (${file})`,
    };
  return { outputs: found, region, endpoint, token, name: `the Meshdrop on this machine at ${endpoint}` };
}

async function outputsIn(file: string): Promise<Deployment['outputs']> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageError(
      `there is no ${file}; run npm run deploy, name another file with --outputs, or name a data folder with --data`,
      { cause },
    );
  });
  const stacks = z.record(z.string(), z.unknown()).safeParse(parseJson(text)).data ?? {};
  const found = Object.values(stacks).flatMap((stack) => outputsSchema.safeParse(stack).data ?? []);
  const [first] = found;
  if (!first) throw new UsageError(`${file} has no outputs of Meshdrop; deploy again or name another file`);
  return first;
}

const runningSchema = z.object({ pid: z.int(), endpoint: z.url(), token: z.string().optional() });

/**
 * Returns the Meshdrop that runs with this data folder. A killed process leaves its file behind, and another
 * process can get its ID.
 */
async function runningIn(data: string): Promise<Partial<z.infer<typeof runningSchema>>> {
  const text = await readFile(join(data, 'local.json'), 'utf8').catch(() => '');
  const running = runningSchema.safeParse(parseJson(text)).data;
  return running && isAlive(running.pid) && (await answers(running.endpoint)) ? running : {};
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // The process exists and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function answers(endpoint: string): Promise<boolean> {
  return await fetch(endpoint).then(
    () => true,
    () => false,
  );
}
