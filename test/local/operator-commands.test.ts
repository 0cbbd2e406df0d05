import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListExecutionsCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { assembly } from '../../local/assembly.ts';
import {
  folderWith,
  ledgerOf,
  type Meshdrop,
  meshdrop,
  quick,
  readyAddresses,
  type WrittenEvent,
  writtenEvents,
} from './meshdrop-process.ts';
import { operatorCommand } from './operator-command.ts';

beforeAll(() => assembly());

interface Stage {
  readonly folder: string;
  readonly data: string;
  readonly scenario: string;
  readonly endpoint: string;
  readonly running: Meshdrop;
}

async function serve(): Promise<Stage> {
  const folder = await folderWith('oak-chair.png');
  const running = meshdrop(['--port', '0', '--page-port', '0', ...quick], folder);
  const data = join(folder, 'data');
  return { folder, data, running, ...(await readyAddresses(data, running)) };
}

const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };

async function upload({ endpoint, folder }: Stage): Promise<void> {
  const s3 = new S3Client({ endpoint, region: 'us-east-1', credentials });
  onTestFinished(() => s3.destroy());
  const Body = await readFile(join(folder, 'oak-chair.png'));
  await s3.send(new PutObjectCommand({ Bucket: 'meshdrop-uploads', Key: 'oak.png', Body }));
}

async function setFaults({ scenario }: Stage, faults: readonly object[]): Promise<void> {
  const { ok } = await fetch(`${scenario}/_control`, { method: 'POST', body: JSON.stringify({ faults }) });
  expect(ok).toBe(true);
}

/** Resolves when so many events were accepted. */
async function events({ data }: Stage, count: number): Promise<readonly WrittenEvent[]> {
  await expect.poll(async () => (await writtenEvents(data)).length).toBe(count);
  return await writtenEvents(data);
}

describe('redrive and redeliver, beside a Meshdrop on this machine', () => {
  test('fetch a model whose files could not be had, pay nothing, and announce it again', async () => {
    const stage = await serve();
    await setFaults(stage, [{ on: 'getAsset', what: 'unauthorized', times: 1_000 }]);
    await upload(stage);
    const [failed] = await events(stage, 1);
    const runId = failed?.detail.metadata.runId ?? '';
    await setFaults(stage, []);

    const redriven = await operatorCommand('redrive', [runId, '--data', stage.data]);
    const [, stored] = await events(stage, 2);
    const redelivered = await operatorCommand('redeliver', [runId, '--data', stage.data]);
    const [, , again] = await events(stage, 3);
    const once = await operatorCommand('redrive', [runId], stage.folder);

    expect(failed?.detail.data.failure?.code).toBe('download-broken');
    expect(redriven).toMatchObject({
      code: 0,
      stdout: `the execution of ${runId} goes on from the state that failed\n`,
    });
    expect(redriven.stderr).toContain(`what runs on this machine at ${stage.endpoint}`);
    expect(stored?.['detail-type']).toBe('Model Stored');
    expect(redelivered).toMatchObject({ code: 0, stdout: `announced "Model Stored" of ${runId} again\n` });
    expect(again?.detail).toEqual(stored?.detail);
    expect((await ledgerOf(stage.scenario)).jobs).toHaveLength(1);
    // From another folder than the data's: nothing is known to run there, and nothing was deployed.
    expect(once).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no cdk.out/outputs.json'),
    });
  });

  test('go on with a run that somebody stopped; until it ends there is nothing to announce', async () => {
    const stage = await serve();
    // So that it runs until it is stopped, however long the commands take.
    await setFaults(stage, [{ on: 'getJob', what: 'server-error', times: 100_000 }]);
    await upload(stage);
    await expect.poll(async () => (await ledgerOf(stage.scenario)).jobs.length).toBe(1);
    const outputs = await outputsOf(stage);
    const sfn = new SFNClient({ endpoint: stage.endpoint, region: 'us-east-1', credentials });
    onTestFinished(() => sfn.destroy());
    const runId = await runningRun(sfn, outputs.StateMachineArn);

    const tooEarly = await operatorCommand('redeliver', [runId, '--data', stage.data]);
    const underWay = await operatorCommand('redrive', [runId, '--data', stage.data]);
    await sfn.send(
      new StopExecutionCommand({
        executionArn: `${outputs.StateMachineArn.replace(':stateMachine:', ':execution:')}:${runId}`,
      }),
    );
    await events(stage, 1);
    await setFaults(stage, []);
    const redriven = await operatorCommand('redrive', [runId, '--data', stage.data]);
    const [aborted, stored] = await events(stage, 2);

    expect(tooEarly).toMatchObject({ code: 1, stderr: expect.stringContaining('has not ended') });
    expect(underWay).toMatchObject({ code: 0, stdout: expect.stringContaining('is under way') });
    expect(redriven.code).toBe(0);
    expect(aborted?.detail.data.failure?.code).toBe('aborted');
    expect(stored?.['detail-type']).toBe('Model Stored');
    expect((await ledgerOf(stage.scenario)).jobs).toHaveLength(1);
  });

  test('say that they do not know a run', async () => {
    const stage = await serve();

    const unknown = await operatorCommand('redrive', ['oak-0000', '--data', stage.data]);

    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain(
      'there is no run oak-0000: the bucket meshdrop-assets holds no record of it',
    );
  });
});

const outputsSchema = z.object({ Meshdrop: z.looseObject({ StateMachineArn: z.string() }) });

async function outputsOf({ data }: Stage) {
  return outputsSchema.parse(JSON.parse(await readFile(join(data, 'outputs.json'), 'utf8'))).Meshdrop;
}

/** The run of the execution that is running, as soon as there is one. */
async function runningRun(sfn: SFNClient, stateMachineArn: string): Promise<string> {
  const names = async () => {
    const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
    return executions.map(({ name = '' }) => name);
  };
  await expect.poll(names).toHaveLength(1);
  return (await names())[0] ?? '';
}
