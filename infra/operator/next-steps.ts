import { readFile } from 'node:fs/promises';
import * as z from 'zod';

/** What a deploy ends with: the two commands that come next, ready to paste. Reads the file of `cdk deploy --outputs-file`. */
const outputsSchema = z.record(
  z.string(),
  z.object({ UploadBucketName: z.string(), AssetBucketName: z.string(), ScenarioSecretArn: z.string() }),
);

const [file = 'cdk.out/outputs.json'] = process.argv.slice(2);

for (const outputs of Object.values(outputsSchema.parse(JSON.parse(await readFile(file, 'utf8'))))) {
  process.stdout.write(`
Fill the secret, unless it is filled already; until then uploads wait in the queue, and none is lost:

  aws secretsmanager put-secret-value --secret-id ${outputs.ScenarioSecretArn} --secret-string '{"apiKey":"YOUR KEY","apiSecret":"YOUR SECRET"}'

Then drop an image, and look for its model some minutes later. Each image costs money:

  aws s3 cp examples/oak-chair.png s3://${outputs.UploadBucketName}/chairs/oak.png
  aws s3 ls --recursive s3://${outputs.AssetBucketName}/models/chairs/
`);
}
