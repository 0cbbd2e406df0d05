import { App } from 'aws-cdk-lib';
import { configFrom } from './config.ts';
import { MeshdropStack } from './meshdrop-stack.ts';

const app = new App();
try {
  new MeshdropStack(app, 'Meshdrop', configFrom(app));
} catch (error) {
  // A wrong setting is told in its one sentence, without the stack of whoever found it.
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
