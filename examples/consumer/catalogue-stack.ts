import { join } from 'node:path';
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { ImageToModel } from '../../infra/image-to-model.ts';

export interface CatalogueStackProps extends StackProps {
  readonly meshdrop: ImageToModel;
}

/** Another team's stack: it listens to Meshdrop and keeps a catalogue of the models that it stores. */
export class CatalogueStack extends Stack {
  constructor(scope: Construct, id: string, { meshdrop, ...props }: CatalogueStackProps) {
    super(scope, id, props);
    const catalogue = new Bucket(this, 'CatalogueBucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
    });
    // What could not be delivered, and what the function refused: to be looked at by a person.
    const deadLetters = new Queue(this, 'DeadLetters', {
      retentionPeriod: Duration.days(14),
      enforceSSL: true,
    });
    const addToCatalogue = new NodejsFunction(this, 'AddToCatalogue', {
      description: 'Adds a stored model to the catalogue, once',
      entry: join(import.meta.dirname, 'handler.ts'),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: Duration.minutes(5),
      memorySize: 512,
      deadLetterQueue: deadLetters,
      environment: {
        ASSET_BUCKET: meshdrop.assetBucket.bucketName,
        CATALOGUE_BUCKET: catalogue.bucketName,
      },
      bundling: { format: OutputFormat.ESM, externalModules: [], mainFields: ['module', 'main'] },
    });
    meshdrop.onModelStored('ModelStored', {
      // The rule belongs to who listens, so that Meshdrop's stack can be deployed without this one.
      crossStackScope: this,
      description: 'Every model that Meshdrop stores goes to the catalogue',
      target: new LambdaFunction(addToCatalogue, { deadLetterQueue: deadLetters }),
    });

    meshdrop.assetBucket.grantRead(addToCatalogue, 'models/*');
    catalogue.grantPut(addToCatalogue, 'catalogue/*');
  }
}
