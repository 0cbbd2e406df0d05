import { readFile } from 'node:fs/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { join } from 'node:path';
import * as z from 'zod';
import type { DeploymentCall } from './command-line.ts';
import { UsageError } from './usage-error.ts';
import { toError } from '../functions/platform/errors.ts';
import { parseJson } from '../functions/platform/json.ts';

const outputsSchema = z.object({
  UploadBucketName: z.string(),
  AssetBucketName: z.string(),
  EventBusName: z.string(),
  StateMachineArn: z.string(),
  UploadsQueueUrl: z.string(),
  /** Absent in the outputs of earlier versions. */
  ScenarioSecretArn: z.string().optional(),
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
  /** The data folder. Absent for AWS. */
  readonly data?: string;
  /** In AWS, if it is known. */
  readonly stack?: string | undefined;
  /** Its name in messages. */
  readonly name: string;
}

const DATA = '.meshdrop';
const OUTPUTS = 'cdk.out/outputs.json';

/** @throws UsageError if there is none */
export async function findDeployment({ stack, outputs, data }: DeploymentCall): Promise<Deployment> {
  if (stack !== undefined) return await deploymentOfStack(stack);
  const { endpoint, token } = outputs === undefined ? await runningIn(data ?? DATA) : {};
  if (data !== undefined && endpoint === undefined)
    throw new UsageError(`no Meshdrop runs with the data folder ${data}; start one with npm start -- --data ${data}`);
  const file = endpoint === undefined ? (outputs ?? OUTPUTS) : join(data ?? DATA, 'outputs.json');
  const found = await outputsIn(file);
  if (endpoint === undefined) return { ...inAws(found.outputs, file), stack: found.stack };
  const { region } = inAws(found.outputs, file);
  return {
    outputs: found.outputs,
    region,
    endpoint,
    token,
    data: data ?? DATA,
    name: `the Meshdrop on this machine at ${endpoint}`,
  };
}

function inAws(outputs: Deployment['outputs'], from: string): Deployment {
  const [, , , region = '', account = ''] = outputs.StateMachineArn.split(':');
  return { outputs, region, name: `the deployment in AWS account ${account}, ${region} (${from})` };
}

/** With the credentials and the Region of the caller. */
async function deploymentOfStack(stack: string): Promise<Deployment> {
  const client = new CloudFormationClient({});
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack })).catch((cause: unknown) => {
    throw new UsageError(
      `CloudFormation does not show the stack ${stack}: ${toError(cause).message}. Check its name, and AWS_PROFILE and AWS_REGION`,
      { cause },
    );
  });
  const given = (Stacks[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]);
  const outputs = outputsAmong(Object.fromEntries(given));
  if (!outputs) throw new UsageError(`the stack ${stack} has no outputs of Meshdrop; name another stack`);
  return { ...inAws(outputs, stack), stack };
}

/**
 * Finds the outputs of one Meshdrop. In the stack of somebody else, the ID of the construct stands before each name.
 *
 * @throws UsageError if there are several
 */
function outputsAmong(given: unknown): Deployment['outputs'] | undefined {
  const values = z.record(z.string(), z.unknown()).safeParse(given).data ?? {};
  const prefixes = Object.keys(values)
    .filter((name) => name.endsWith('StateMachineArn'))
    .map((name) => name.slice(0, -'StateMachineArn'.length));
  const found = prefixes.flatMap((prefix) => {
    const own = Object.entries(values).filter(([name]) => name.startsWith(prefix));
    const named = Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
    return outputsSchema.safeParse(named).data ?? [];
  });
  if (found.length > 1)
    throw new UsageError(
      `the stack has ${found.length} Meshdrops (${prefixes.join(', ')}); put the outputs of one of them in a file, and use --outputs`,
    );
  return found[0];
}

async function outputsIn(file: string): Promise<{ readonly outputs: Deployment['outputs']; readonly stack: string }> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageError(
      `there is no ${file}; run npm run deploy, or name a deployment with --stack, --outputs, or --data`,
      { cause },
    );
  });
  const stacks = z.record(z.string(), z.unknown()).safeParse(parseJson(text)).data ?? {};
  const found = Object.entries(stacks).flatMap(([stack, values]) => {
    const outputs = outputsAmong(values);
    return outputs ? [{ outputs, stack }] : [];
  });
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
