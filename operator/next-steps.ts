import { readFile } from 'node:fs/promises';
import * as z from 'zod';

/** Of the stack in the file that `cdk deploy --outputs-file` wrote. Other stacks may be in it, too. */
const outputsSchema = z.object({
  UploadBucketName: z.string(),
  AssetBucketName: z.string(),
  StateMachineArn: z.string(),
});

/**
 * Returns the commands to run after a deployment, ready to paste.
 *
 * @param file that `cdk deploy --outputs-file` wrote
 * @param profile the AWS profile that deployed. Undefined for the default one
 */
export async function nextSteps(file: string, profile?: string): Promise<string> {
  const stacks = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(file, 'utf8')));
  const found = Object.values(stacks).flatMap((outputs) => outputsSchema.safeParse(outputs).data ?? []);
  return found.map((outputs) => stepsFor(outputs, file, profile)).join('');
}

function stepsFor(
  { UploadBucketName: uploads, AssetBucketName: assets, StateMachineArn: machine }: z.infer<typeof outputsSchema>,
  file: string,
  profile: string | undefined,
): string {
  const region = machine.split(':')[3] ?? '';
  const before = profile === undefined ? '' : `AWS_PROFILE=${profile} `;
  const aws = `aws s3${profile === undefined ? '' : ` --profile ${profile}`} --region ${region}`;
  return `
Store your Scenario key, unless the secret already has it. Until then, uploads wait in the queue and none is lost. The
command asks for the key, so that it stays out of the history of your shell:

  ${before}npx meshdrop secret --outputs ${file}

Check that everything is in place. This costs nothing:

  ${before}npx meshdrop doctor --outputs ${file}

Then drop an image, and look for its model a few minutes later. Each image costs money:

  ${aws} cp examples/oak-chair.png s3://${uploads}/chairs/oak.png
  ${aws} ls --recursive s3://${assets}/models/chairs/
`;
}
