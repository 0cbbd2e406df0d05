import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readCall } from '../../operator/command-line.ts';
import { findDeployment } from '../../operator/deployment.ts';
import { operatorCommand } from './command.ts';
import { wordsFirst } from '../words-first.ts';

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

const outputs = {
  UploadBucketName: 'their-uploads',
  AssetBucketName: 'their-models',
  EventBusName: 'default',
  StateMachineArn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:Generation',
  UploadsQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/Uploads',
};

describe('the command line of an operator command', () => {
  test.each(
    wordsFirst<[string[]]>([
      [['oak-1', '--outpts', 'x'], 'there is no option --outpts, did you mean --outputs?'],
      [['oak-1', '--xyzzyx'], 'there is no option --xyzzyx (--help shows all)'],
      [[], 'name a run by its ID'],
      [['oak-1', 'elm-2'], 'name one run at a time, not 2: oak-1 elm-2'],
      [['oak-1', '--data', 'a', '--outputs', 'b'], 'use one of them'],
      [['oak-1', '--outputs'], "Option '--outputs <value>' argument missing"],
    ]),
  )('is refused with a message: %s', (sentence, args) => {
    expect(() => readCall(args)).toThrow(sentence);
  });

  test('exits with 2 if it is invalid, and with 0 if it asks for help', async () => {
    const [wrong, help] = await Promise.all([
      operatorCommand('redrive', ['--dta', 'x', 'oak-1']),
      operatorCommand('redeliver', ['--help']),
    ]);

    expect(wrong).toEqual({
      code: 2,
      stdout: '',
      stderr: 'redrive: there is no option --dta, did you mean --data? (--help shows all)\n',
    });
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('npx meshdrop redeliver RUNID') });
  });
});

describe('the deployment', () => {
  test('is the one in the outputs file, in its own region', async () => {
    const file = join(await emptyFolder(), 'outputs.json');
    await writeFile(file, JSON.stringify({ Other: { Some: 'output' }, Meshdrop: outputs }));

    const found = await findDeployment({ outputs: file, data: undefined });

    expect(found).toMatchObject({
      outputs,
      region: 'eu-west-1',
      name: expect.stringContaining('111122223333'),
    });
    expect(found).not.toHaveProperty('endpoint');
  });

  test('is found in the stack of somebody else, where the ID of the construct stands before each name', async () => {
    const file = join(await emptyFolder(), 'outputs.json');
    const named = (prefix: string) =>
      Object.fromEntries(Object.entries(outputs).map(([name, value]) => [`${prefix}${name}`, value]));
    await writeFile(file, JSON.stringify({ Models: { ...named('Pictures'), SomethingElse: 'x' } }));

    expect(await findDeployment({ outputs: file, data: undefined })).toMatchObject({ outputs, stack: 'Models' });

    await writeFile(file, JSON.stringify({ Models: { ...named('Chairs'), ...named('Tables') } }));
    await expect(findDeployment({ outputs: file, data: undefined })).rejects.toThrow(
      'the stack has 2 Meshdrops (Chairs, Tables)',
    );
  });

  test('is not found in a missing file or in the file of another stack', async () => {
    const folder = await emptyFolder();
    const other = join(folder, 'other.json');
    await writeFile(other, '{"Other":{}}');

    await expect(findDeployment({ outputs: join(folder, 'none.json'), data: undefined })).rejects.toThrow(
      'none.json; run npm run deploy',
    );
    await expect(findDeployment({ outputs: other, data: undefined })).rejects.toThrow('has no outputs of Meshdrop');
  });

  test('is not a killed process on this machine that left its file behind', async () => {
    const data = await emptyFolder();
    const endpoint = 'http://127.0.0.1:9';
    await writeFile(join(data, 'local.json'), JSON.stringify({ pid: process.pid, endpoint }));

    await expect(findDeployment({ outputs: undefined, data })).rejects.toThrow('no Meshdrop runs with the data folder');
  });
});
