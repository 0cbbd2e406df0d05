import { App, Stack } from 'aws-cdk-lib';
import { ImageToModel } from '../../infra/image-to-model.ts';
import { CatalogueStack } from './catalogue-stack.ts';

const app = new App();
const meshdrop = new ImageToModel(new Stack(app, 'Models'), 'Meshdrop');
new CatalogueStack(app, 'Catalogue', { meshdrop });
