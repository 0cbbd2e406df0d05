import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { jsonIn } from '../../functions/platform/json.ts';
import type { OperatorCall } from './command-line.ts';
import { WrongCallError } from './usage-error.ts';

const outputsSchema = z.object({
  UploadBucketName: z.string(),
  AssetBucketName: z.string(),
  EventBusName: z.string(),
  StateMachineArn: z.string(),
  UploadsQueueUrl: z.string(),
});

/** A Meshdrop that can be talked to. */
export interface Deployment {
  readonly outputs: z.infer<typeof outputsSchema>;
  readonly region: string;
  /** Of what runs on this machine; absent for AWS. */
  readonly endpoint?: string;
  /** For people. */
  readonly name: string;
}

const DATA = '.meshdrop';
const OUTPUTS = 'cdk.out/outputs.json';

/** @throws WrongCallError when there is none */
export async function findDeployment({ outputs, data }: Omit<OperatorCall, 'runId'>): Promise<Deployment> {
  const endpoint = outputs === undefined ? await endpointIn(data ?? DATA) : undefined;
  if (data !== undefined && endpoint === undefined)
    throw new WrongCallError(
      `nothing runs with the data folder ${data}: start it with npm start -- --data ${data}`,
    );
  const file = endpoint === undefined ? (outputs ?? OUTPUTS) : join(data ?? DATA, 'outputs.json');
  const found = await outputsIn(file);
  const [, , , region = '', account = ''] = found.StateMachineArn.split(':');
  if (endpoint === undefined)
    return {
      outputs: found,
      region,
      name: `the deployment of ${file} in AWS (account ${account}, ${region})`,
    };
  return { outputs: found, region, endpoint, name: `what runs on this machine at ${endpoint}` };
}

async function outputsIn(file: string): Promise<Deployment['outputs']> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new WrongCallError(
      `there is no ${file}: npm run deploy writes it; name another file with --outputs, or what runs on this machine with --data`,
      { cause },
    );
  });
  const stacks = z.record(z.string(), z.unknown()).safeParse(jsonIn(text)).data ?? {};
  const found = Object.values(stacks).flatMap((stack) => outputsSchema.safeParse(stack).data ?? []);
  const [first] = found;
  if (!first)
    throw new WrongCallError(`${file} holds no outputs of Meshdrop: deploy again, or name another file`);
  return first;
}

const runningSchema = z.object({ pid: z.int(), endpoint: z.url() });

/** Where a Meshdrop with this data folder answers. A process that was killed leaves its file behind, and its id to another. */
async function endpointIn(data: string): Promise<string | undefined> {
  const text = await readFile(join(data, 'local.json'), 'utf8').catch(() => '');
  const running = runningSchema.safeParse(jsonIn(text)).data;
  return running && isAlive(running.pid) && (await answers(running.endpoint)) ? running.endpoint : undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is somebody else's, but it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function answers(endpoint: string): Promise<boolean> {
  return await fetch(endpoint).then(
    () => true,
    () => false,
  );
}
