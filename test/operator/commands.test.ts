import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListExecutionsCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { assembly } from '../../local/aws/assembly.ts';
import {
  ledgerOf,
  type Serving,
  servingForAll,
  type WrittenEvent,
  writtenEvents,
} from '../local/cli/meshdrop-process.ts';
import { operatorCommand } from './command.ts';

let stage: Serving;
beforeAll(async () => {
  await assembly();
  stage = await servingForAll('oak-chair.png');
  return () => stage.end();
});
afterEach(() => setFaults([]));

const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };

async function upload(Key: string): Promise<void> {
  const s3 = new S3Client({ endpoint: stage.endpoint, region: 'us-east-1', credentials });
  onTestFinished(() => s3.destroy());
  // Each key has a picture of its own.
  const Body = Buffer.concat([await readFile(join(stage.folder, 'oak-chair.png')), Buffer.from(Key)]);
  await s3.send(new PutObjectCommand({ Bucket: 'meshdrop-uploads', Key, Body }));
}

async function setFaults(faults: readonly object[]): Promise<void> {
  const body = JSON.stringify({ faults });
  const { ok } = await fetch(`${stage.scenario}/_control`, { method: 'POST', body });
  expect(ok).toBe(true);
}

/** Waits until this many events about an upload were accepted. */
async function events(uploadKey: string, count: number): Promise<readonly WrittenEvent[]> {
  const about = async () =>
    (await writtenEvents(stage.data)).filter(({ detail }) => detail.data.upload.key === uploadKey);
  await expect.poll(async () => (await about()).length).toBe(count);
  return await about();
}

async function paidJobs(): Promise<number> {
  return (await ledgerOf(stage.scenario)).jobs.length;
}

function assetBucket() {
  const s3 = new S3Client({ endpoint: stage.endpoint, region: 'us-east-1', credentials });
  onTestFinished(() => s3.destroy());
  return s3;
}

async function pause(isPaused: boolean): Promise<void> {
  const ended = await operatorCommand(isPaused ? 'pause' : 'resume', ['--data', stage.data]);
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^submissions (?:are paused|go on)/) });
}

/** Waits for the record of a run that begins like this, and returns its ID. */
async function claimedRun(begin: string): Promise<string> {
  const found = async () => {
    const list = new ListObjectsV2Command({ Bucket: 'meshdrop-assets', Prefix: `runs/${begin}` });
    return (await assetBucket().send(list)).Contents ?? [];
  };
  await expect.poll(async () => (await found()).length).toBe(1);
  return (await found())[0]?.Key?.replace(/^runs\/|\.json$/g, '') ?? '';
}

async function stop(key: string): Promise<void> {
  const { StateMachineArn } = await outputsOf(stage);
  const sfn = new SFNClient({ endpoint: stage.endpoint, region: 'us-east-1', credentials });
  onTestFinished(() => sfn.destroy());
  const runId = await runOf(key, sfn, StateMachineArn);
  const executionArn = `${StateMachineArn.replace(':stateMachine:', ':execution:')}:${runId}`;
  await sfn.send(new StopExecutionCommand({ executionArn }));
}

describe('redrive and redeliver, beside a Meshdrop on this machine', () => {
  test('fetch a model whose execution was stopped during failing downloads, pay nothing, and announce it again', async () => {
    const paidBefore = await paidJobs();
    await setFaults([{ on: 'bulkAssets', what: 'unauthorized', times: 100_000 }]);
    await upload('oak.png');
    await expect.poll(paidJobs).toBe(paidBefore + 1);
    await stop('oak.png');
    const [failed] = await events('oak.png', 1);
    const runId = failed?.detail.metadata.runId ?? '';
    await setFaults([]);

    const redriven = await operatorCommand('redrive', [runId, '--data', stage.data]);
    const [, stored] = await events('oak.png', 2);
    const redelivered = await operatorCommand('redeliver', [runId, '--data', stage.data]);
    const [, , again] = await events('oak.png', 3);
    const once = await operatorCommand('redrive', [runId], stage.folder);

    expect(failed?.detail.data.failure?.code).toBe('aborted');
    expect(redriven).toMatchObject({
      code: 0,
      stdout: `the execution of ${runId} continues at the state that failed\n`,
    });
    expect(redriven.stderr).toContain(`using the Meshdrop on this machine at ${stage.endpoint}`);
    expect(stored?.['detail-type']).toBe('Model Stored');
    expect(redelivered).toMatchObject({ code: 0, stdout: `announced "Model Stored" of ${runId} again\n` });
    expect(again?.detail).toEqual(stored?.detail);
    expect(await paidJobs()).toBe(paidBefore + 1);
    // Runs in a folder without a data folder, where no Meshdrop runs and nothing was deployed.
    expect(once).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no cdk.out/outputs.json'),
    });
  });

  test('continue a run that a user stopped, and announce nothing until it ends', async () => {
    const paidBefore = await paidJobs();
    // Long enough that the execution runs until it is stopped.
    await setFaults([{ on: 'getJob', what: 'server-error', times: 100_000 }]);
    await upload('stopped.png');
    await expect.poll(paidJobs).toBe(paidBefore + 1);
    const outputs = await outputsOf(stage);
    const sfn = new SFNClient({ endpoint: stage.endpoint, region: 'us-east-1', credentials });
    onTestFinished(() => sfn.destroy());
    const runId = await runOf('stopped.png', sfn, outputs.StateMachineArn);

    const tooEarly = await operatorCommand('redeliver', [runId, '--data', stage.data]);
    const underWay = await operatorCommand('redrive', [runId, '--data', stage.data]);
    await sfn.send(
      new StopExecutionCommand({
        executionArn: `${outputs.StateMachineArn.replace(':stateMachine:', ':execution:')}:${runId}`,
      }),
    );
    await events('stopped.png', 1);
    await setFaults([]);
    const redriven = await operatorCommand('redrive', [runId, '--data', stage.data]);
    const [aborted, stored] = await events('stopped.png', 2);

    expect(tooEarly).toMatchObject({ code: 1, stderr: expect.stringContaining('has not ended') });
    expect(underWay).toMatchObject({ code: 0, stdout: expect.stringContaining('is already running') });
    expect(redriven.code).toBe(0);
    expect(aborted?.detail.data.failure?.code).toBe('aborted');
    expect(stored?.['detail-type']).toBe('Model Stored');
    expect(await paidJobs()).toBe(paidBefore + 1);
  });

  test('end a run that has not paid, and none that has', async () => {
    const paidBefore = await paidJobs();
    await pause(true);
    await upload('unwanted.png');
    const runId = await claimedRun('unwanted-');

    const canceled = await operatorCommand('cancel', [runId, '--data', stage.data]);
    const [failed] = await events('unwanted.png', 1);
    await pause(false);
    const again = await operatorCommand('cancel', [runId, '--data', stage.data]);

    expect(canceled).toMatchObject({ code: 0, stdout: `the run ${runId} has ended as failed, and nothing was paid\n` });
    expect(failed?.detail.data.failure).toMatchObject({
      code: 'aborted',
      reason: expect.stringContaining('an operator'),
    });
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be ended: it is failed') });
    expect(await paidJobs()).toBe(paidBefore);
  });

  test('report an unknown run', async () => {
    const unknown = await operatorCommand('redrive', ['oak-0000', '--data', stage.data]);

    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('there is no run oak-0000; the bucket meshdrop-assets has no record of it');
  });
});

const outputsSchema = z.object({ Meshdrop: z.looseObject({ StateMachineArn: z.string() }) });

async function outputsOf({ data }: Serving) {
  return outputsSchema.parse(JSON.parse(await readFile(join(data, 'outputs.json'), 'utf8'))).Meshdrop;
}

/** Waits for the execution of an upload and returns its run ID. */
async function runOf(uploadKey: string, sfn: SFNClient, stateMachineArn: string): Promise<string> {
  const begin = uploadKey.replace('.png', '-');
  const names = async () => {
    const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
    return executions.map(({ name = '' }) => name).filter((name) => name.startsWith(begin));
  };
  await expect.poll(names).toHaveLength(1);
  return (await names())[0] ?? '';
}

describe('the doctor, beside a Meshdrop on this machine', () => {
  test('finds it healthy, as words and as JSON, and buys nothing', async () => {
    const paidBefore = await paidJobs();

    const [words, json] = await Promise.all([
      operatorCommand('doctor', ['--data', stage.data]),
      operatorCommand('doctor', ['--data', stage.data, '--json']),
    ]);

    expect(words).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('0 problems and 0 warnings'),
      stderr: expect.stringContaining('nothing is bought'),
    });
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: true,
      deployment: expect.stringContaining('the Meshdrop on this machine'),
      checks: expect.arrayContaining([
        { check: 'credentials', status: 'ok', message: expect.any(String), fix: null },
        { check: 'price', status: 'ok', message: expect.stringContaining('37.5 compute units'), fix: null },
      ]),
    });
    expect(await paidJobs()).toBe(paidBefore);
  });

  test('says what is wrong, and exits with 1', async () => {
    await setFaults([{ on: 'getModel', what: 'unauthorized' }]);

    const ended = await operatorCommand('doctor', ['--data', stage.data]);

    expect(ended).toMatchObject({ code: 1, stdout: expect.stringContaining('PROBLEM  credentials') });
  });

  test.each([
    [['--jsn'], 'there is no option --jsn, did you mean --json?'],
    [['--stack', 'a', '--data', 'b'], '--stack and --data name two deployments'],
    [['oak-1'], 'doctor takes only options'],
  ])('refuses a wrong call: %s', async (args, sentence) => {
    expect(await operatorCommand('doctor', args)).toMatchObject({ code: 2, stderr: expect.stringContaining(sentence) });
  });
});
