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

/** The stack of another team. It keeps a catalogue of the models that Meshdrop stores. */
export class CatalogueStack extends Stack {
  constructor(scope: Construct, id: string, { meshdrop, ...props }: CatalogueStackProps) {
    super(scope, id, props);
    const catalogue = new Bucket(this, 'CatalogueBucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
    });
    // Events that could not be delivered or that the function refused. A person must look at them.
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
      // The rule belongs to the consumer, so that you can deploy the stack of Meshdrop without this one.
      crossStackScope: this,
      description: 'Every model that Meshdrop stores goes to the catalogue',
      target: new LambdaFunction(addToCatalogue, { deadLetterQueue: deadLetters }),
    });

    meshdrop.assetBucket.grantRead(addToCatalogue, 'models/*');
    catalogue.grantPut(addToCatalogue, 'catalogue/*');
  }
}
