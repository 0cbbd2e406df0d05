import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { MakeRenditionsEnv } from '../functions/make-renditions/make-renditions.ts';
import { createAlarms } from './alarms.ts';
import { EventQueue } from './event-queue.ts';
import { modelStoredPattern } from './event-rules.ts';
import * as base from './foundation.ts';
import { ServiceFunction } from './service-function.ts';
import { renditionSettings } from './settings/environment.ts';

/** Longer than the thread that works may take, twice, and the copies of its files. */
const TIMEOUT = Duration.minutes(7);
/** The lowest that SQS accepts. Nothing waits for renditions. */
const MAX_CONCURRENCY = 2;

/**
 * Makes small files, pictures, and a file for phones of each stored model. It listens to "Model Stored" as any consumer
 * would, so whatever goes wrong here harms no model.
 */
export class Renditions extends EventQueue {
  constructor(scope: Construct, id: string, props: base.Foundation) {
    const { assetBucket, eventBus, settings } = props;
    super(scope, id, {
      rule: 'ModelStored',
      description: 'Every model that was stored',
      eventBus,
      eventPattern: modelStoredPattern(assetBucket),
      consumerTimeout: TIMEOUT,
      // From the fourth time on, the function no longer tries: it answers without the files.
      maxReceiveCount: 10,
    });
    const makeRenditions = new ServiceFunction(this, 'MakeRenditions', {
      description: 'Makes the renditions of a stored model',
      environment: {
        ...base.outcomeEnvironment(this, props),
        RENDITION_SETTINGS: JSON.stringify(renditionSettings(settings)),
      } satisfies MakeRenditionsEnv,
      timeout: TIMEOUT,
      settings,
    });
    this.feed(makeRenditions, MAX_CONCURRENCY);

    // It can never overwrite a model.
    const files = ['*.web.glb', '*.plain.glb', '*.usdz', '*.poster.webp', '*.turntable.webp'];
    makeRenditions.allow(['s3:PutObject'], ...files.map((name) => assetBucket.arnForObjects(`models/${name}`)));
    makeRenditions.allow(['s3:GetObject', 's3:GetObjectVersion'], assetBucket.arnForObjects('models/*'));
    base.allowDocuments(makeRenditions, assetBucket, ['models/*/renditions.json']);
    eventBus.grantPutEventsTo(makeRenditions);

    createAlarms(this, {
      DeadRenditions: [
        this.deadLetters.metricApproximateNumberOfMessagesVisible(),
        'Renditions could not be made or announced. The models are safe. Check the log of MakeRenditions, fix the cause, and use npx meshdrop renditions --all.',
      ],
    });
  }
}
