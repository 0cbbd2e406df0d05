import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import { findDeployment } from '../../operator/deployment.ts';

/**
 * Deploys an ephemeral stack to your AWS account, drops one image, waits for its model, and removes everything. It has
 * never been run by the people who wrote it: they had no account. Read what it does before you trust it.
 *
 *   npm run test:aws -- --dry-run
 *   npm run test:aws -- --yes [--stand-in] [--image FILE] [--keep]
 */
const help = `Deploys Meshdrop to your AWS account, makes one model, and removes everything again.

  npm run test:aws -- --dry-run                print what it would do, and synthesize
  npm run test:aws -- --yes --stand-in         do it, with a stand-in of Scenario on AWS
  npm run test:aws -- --yes                    do it, with your keys of Scenario

  --image FILE    the image to drop, default examples/oak-chair.png
  --keep          do not remove the stacks at the end

It needs AWS credentials and a bootstrapped account (npx cdk bootstrap), and costs a few cents at AWS. Without
--stand-in, it needs SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET, too, and one image costs about 38 compute units.
The stand-in reserves one concurrent execution, which needs a quota of at least 11.
`;

const { values } = parseArgs({
  options: {
    'dry-run': { type: 'boolean' },
    yes: { type: 'boolean' },
    image: { type: 'string', default: 'examples/oak-chair.png' },
    'stand-in': { type: 'boolean' },
    keep: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});

const project = join(import.meta.dirname, '..', '..');
const stage = `test-${randomBytes(3).toString('hex')}`;
const outputs = join(project, 'cdk.out', `outputs-${stage}.json`);
const standIn = {
  name: `MeshdropStandIn-${stage}`,
  apiKey: `stand-in-${randomBytes(12).toString('hex')}`,
  apiSecret: randomBytes(24).toString('hex'),
  outputs: join(project, 'cdk.out', `outputs-${stage}-stand-in.json`),
};
/** Removed with the stack, and unable to spend more than this one image, even if something goes wrong. */
const settings = {
  stage,
  removalPolicy: 'destroy',
  maxCuPerRun: '60',
  maxCuPerDay: '60',
  logRetentionDays: '1',
};
const context = Object.entries(settings).flatMap(([name, value]) => ['-c', `meshdrop.${name}=${value}`]);
const cdk = ['node_modules/aws-cdk/bin/cdk'];
const deploy = [...cdk, 'deploy', '--require-approval', 'never', '--outputs-file'];
const meshdrop = ['package/start.mjs'];
const WAIT_MS = 30 * 60_000;

const ofStandIn = [
  '--app',
  'node test/aws/stand-in-app.ts',
  '--output',
  `cdk.out/stand-in-${stage}`,
  ...(['name', 'apiKey', 'apiSecret'] as const).flatMap((name) => ['-c', `${name}=${standIn[name]}`]),
];

/** What can happen, in order: a name, and the command. */
const STEPS = {
  'synthesize the stand-in': [...cdk, 'synth', '--quiet', ...ofStandIn],
  'deploy the stand-in': [...deploy, standIn.outputs, ...ofStandIn],
  synthesize: [...cdk, 'synth', '--quiet', ...context],
  deploy: [...deploy, outputs, ...context],
  secret: [...meshdrop, 'secret', '--outputs', outputs],
  doctor: [...meshdrop, 'doctor', '--outputs', outputs],
  destroy: [...cdk, 'destroy', '--force', ...context],
  'destroy the stand-in': [...cdk, 'destroy', '--force', ...ofStandIn],
} as const;

process.exitCode = await main();

async function main(): Promise<number> {
  if (values.help) return print(help, 0);
  if (values['dry-run']) {
    for (const [name, words] of Object.entries(STEPS)) print(`${name.padEnd(24)}node ${words.join(' ')}\n`, 0);
    run('synthesize the stand-in');
    run('synthesize');
    return print('synthesized; nothing was deployed\n', 0);
  }
  if (!values.yes) return print(`${help}\nThis costs money: to do it, add --yes.\n`, 2);
  const { SCENARIO_SDK_API_KEY, SCENARIO_SDK_API_SECRET } = process.env;
  const { apiKey, apiSecret } = values['stand-in']
    ? standIn
    : { apiKey: SCENARIO_SDK_API_KEY, apiSecret: SCENARIO_SDK_API_SECRET };
  if (!apiKey || !apiSecret)
    return print('set SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET, or add --stand-in\n', 2);
  try {
    const extra = values['stand-in'] ? ['-c', `meshdrop.scenarioUrl=${await deployStandIn()}`] : [];
    run('deploy', { extra });
    run('secret', { input: JSON.stringify({ apiKey, apiSecret }) });
    run('doctor');
    const model = await makeModel();
    return print(`the image became ${model}\n`, 0);
  } finally {
    if (!values.keep) await removeAll();
  }
}

function print(text: string, code: number): number {
  process.stdout.write(text);
  return code;
}

interface RunOptions {
  /** For standard input. */
  readonly input?: string;
  /** More words. */
  readonly extra?: readonly string[];
}

function run(step: keyof typeof STEPS, { input, extra = [] }: RunOptions = {}): void {
  print(`\n${step}\n`, 0);
  execFileSync(process.execPath, [...STEPS[step], ...extra], {
    cwd: project,
    stdio: [input === undefined ? 'inherit' : 'pipe', 'inherit', 'inherit'],
    ...(input !== undefined && { input }),
  });
}

/** Returns its URL. */
async function deployStandIn(): Promise<string> {
  run('deploy the stand-in');
  const found: unknown = JSON.parse(await readFile(standIn.outputs, 'utf8'));
  return z.record(z.string(), z.object({ ScenarioUrl: z.url() })).parse(found)[standIn.name]?.ScenarioUrl ?? '';
}

/** Drops the image, and waits until its manifest says that the model is stored. */
async function makeModel(): Promise<string> {
  const { outputs: found, region } = await findDeployment({ outputs, data: undefined });
  const s3 = new S3Client({ region });
  const name = basename(values.image);
  const Body = await readFile(values.image);
  await s3.send(new PutObjectCommand({ Bucket: found.UploadBucketName, Key: `test/${name}`, Body }));
  const ends = Date.now() + WAIT_MS;
  while (Date.now() < ends) {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: found.AssetBucketName, Prefix: `models/test/${name}/` }),
    );
    const keys = (page.Contents ?? []).map(({ Key = '' }) => Key);
    const model = keys.find((key) => key.endsWith('.glb') && !key.endsWith('.web.glb'));
    if (model !== undefined && keys.some((key) => key.endsWith('/renditions.json'))) return model;
    if (model === undefined && keys.some((key) => key.endsWith('/manifest.json')))
      throw new Error(`the image became no model; look at ${keys.join(', ')}`);
    await sleep(10_000);
  }
  throw new Error('there is no model after half an hour; the stack is removed only without --keep');
}

/** Empties the buckets, so that CloudFormation can delete them, and deletes the stack. */
async function removeAll(): Promise<void> {
  const found = await findDeployment({ outputs, data: undefined }).catch(() => undefined);
  if (found) {
    const s3 = new S3Client({ region: found.region });
    for (const bucket of [found.outputs.UploadBucketName, found.outputs.AssetBucketName]) await empty(s3, bucket);
  }
  run('destroy');
  if (values['stand-in']) run('destroy the stand-in');
}

async function empty(s3: S3Client, Bucket: string): Promise<void> {
  for (;;) {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const all = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    const Objects = all.map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) return;
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  }
}
