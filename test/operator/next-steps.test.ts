import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { nextSteps } from '../../operator/next-steps.ts';

const outputs = {
  UploadBucketName: 'their-uploads',
  AssetBucketName: 'their-models',
  StateMachineArn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:Generation',
  EventBusName: 'default',
};

async function stepsAfter(profile?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'outputs.json');
  await writeFile(file, JSON.stringify({ Other: { Some: 'output' }, Meshdrop: outputs }));
  return (await nextSteps(file, profile)).replaceAll(file, 'FILE');
}

test('a deployment ends with the commands to store the key, to check it, and to drop the first image', async () => {
  const said = await stepsAfter();

  expect(said).toContain('\n  npx meshdrop secret --outputs FILE\n');
  expect(said).toContain('\n  npx meshdrop doctor --outputs FILE\n');
  expect(said).toContain('aws s3 --region eu-west-1 cp examples/oak-chair.png s3://their-uploads/chairs/oak.png');
});

test('they use the profile that deployed', async () => {
  const said = await stepsAfter('prod');

  expect(said).toContain('AWS_PROFILE=prod npx meshdrop secret');
  expect(said).toContain('aws s3 --profile prod --region eu-west-1 cp');
});

test('they never ask for a secret in an argument', async () => {
  expect(await stepsAfter()).not.toMatch(/put-secret-value|apiSecret/);
});
