import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { cdkContext, project } from './cdk-context.ts';

const run = promisify(execFile);

it('the construct is synthesized in an app in another folder, with its own lock file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-elsewhere-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'package-lock.json'), '{}');
  await writeFile(
    join(folder, 'app.ts'),
    `import { App, Stack } from '${project}/node_modules/aws-cdk-lib/index.js';
     import { ImageToModel } from '${project}/infra/image-to-model.ts';
     const app = new App({ context: ${JSON.stringify(cdkContext())}, builtinCloudFormationValidation: false });
     new ImageToModel(new Stack(app, 'Theirs'), 'Meshdrop');
     process.stdout.write(app.synth().stacks.map(({ stackName }) => stackName).join());`,
  );

  const { stdout } = await run(process.execPath, ['app.ts'], { cwd: folder });

  expect(stdout).toBe('Theirs');
});
