import { App } from 'aws-cdk-lib';
import { configFrom } from './settings.ts';
import { MeshdropStack } from './meshdrop-stack.ts';
import { WrongSettingError } from './invalid-setting.ts';

const app = new App();
try {
  new MeshdropStack(app, 'Meshdrop', configFrom(app.node.tryGetContext('meshdrop')));
} catch (error) {
  if (!(error instanceof WrongSettingError)) throw error;
  // Told in its one sentence, without the stack of whoever found it.
  process.stderr.write(`cdk.json, context.meshdrop: ${error.message}\n`);
  process.exit(1);
}
