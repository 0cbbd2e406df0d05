import { readFile } from 'node:fs/promises';
import * as z from 'zod';

/** Prints the two commands to run after a deployment, ready to paste. Reads the file that `cdk deploy --outputs-file` wrote. */
const outputsSchema = z.record(
  z.string(),
  z.object({ UploadBucketName: z.string(), AssetBucketName: z.string(), ScenarioSecretArn: z.string() }),
);

const [file = 'cdk.out/outputs.json'] = process.argv.slice(2);

for (const outputs of Object.values(outputsSchema.parse(JSON.parse(await readFile(file, 'utf8'))))) {
  process.stdout.write(`
Fill the secret, unless you already did. Until then, uploads wait in the queue and none is lost:

  aws secretsmanager put-secret-value --secret-id ${outputs.ScenarioSecretArn} --secret-string '{"apiKey":"YOUR KEY","apiSecret":"YOUR SECRET"}'

Then drop an image, and look for its model a few minutes later. Each image costs money:

  aws s3 cp examples/oak-chair.png s3://${outputs.UploadBucketName}/chairs/oak.png
  aws s3 ls --recursive s3://${outputs.AssetBucketName}/models/chairs/
`);
}
