import { App } from 'aws-cdk-lib';
import { MeshdropStack } from './meshdrop-stack.ts';
import { InvalidSettingError } from './settings/invalid-setting.ts';
import { settingsInContext } from './settings/context.ts';
import { readSettings } from './settings/settings.ts';

const app = new App();
try {
  new MeshdropStack(
    app,
    'Meshdrop',
    readSettings(settingsInContext(app.node.getAllContext() as Record<string, unknown>)),
  );
} catch (error) {
  if (!(error instanceof InvalidSettingError)) throw error;
  // One sentence, without a stack trace.
  process.stderr.write(`cdk.json, context.meshdrop: ${error.message}\n`);
  process.exit(1);
}
