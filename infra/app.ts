import { App } from 'aws-cdk-lib';
import { configFrom } from './config.ts';
import { MeshdropStack } from './meshdrop-stack.ts';

const app = new App();
new MeshdropStack(app, 'Meshdrop', configFrom(app));
