import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const script = join(import.meta.dirname, '..', '..', 'operator', 'next-steps.ts');

test('a deployment ends with the commands to fill the secret and upload the first image', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const outputs = {
    UploadBucketName: 'their-uploads',
    AssetBucketName: 'their-models',
    ScenarioSecretArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:x-a1B2c3',
    EventBusName: 'default',
  };
  await writeFile(join(folder, 'outputs.json'), JSON.stringify({ Meshdrop: outputs }));

  const said = execFileSync(process.execPath, [script, join(folder, 'outputs.json')], { encoding: 'utf8' });

  expect(said).toContain(
    `aws secretsmanager put-secret-value --secret-id ${outputs.ScenarioSecretArn} --secret-string '{"apiKey":"YOUR KEY","apiSecret":"YOUR SECRET"}'`,
  );
  expect(said).toContain('aws s3 cp examples/oak-chair.png s3://their-uploads/chairs/oak.png');
});
