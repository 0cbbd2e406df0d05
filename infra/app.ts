import { App } from 'aws-cdk-lib';
import { errorOf } from '../functions/shared/error-of.ts';
import { configFrom } from './config.ts';
import { MeshdropStack } from './meshdrop-stack.ts';

const app = new App();
try {
  new MeshdropStack(app, 'Meshdrop', configFrom(app));
} catch (error) {
  // A wrong setting is told in its one sentence, without the stack of whoever found it.
  process.stderr.write(`${errorOf(error).message}\n`);
  process.exit(1);
}
