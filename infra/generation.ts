import { Duration, type aws_stepfunctions as sfn } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { CheckJobEnv } from '../functions/check-job/check-job.ts';
import type { StoreAssetsEnv } from '../functions/store-assets/store-assets.ts';
import { aboveQuote, createAlarms, REPEATED } from './alarms.ts';
import * as base from './foundation.ts';
import { GenerationMachine, MACHINE_TIMEOUT } from './generation-machine.ts';
import { ServiceFunction } from './service-function.ts';

/** Follows a paid job and stores its files. */
export class Generation extends Construct {
  readonly stateMachine: sfn.StateMachine;

  constructor(scope: Construct, id: string, props: base.Foundation) {
    super(scope, id);
    const { assetBucket, settings } = props;
    const checkJob = new ServiceFunction(this, 'CheckJob', {
      description: 'Polls a generation job once',
      environment: {
        ...base.scenarioEnvironment(props),
        ASSET_BUCKET: assetBucket.bucketName,
        JOB_DEADLINE_SECONDS: String(settings.jobDeadlineMinutes * 60),
      } satisfies CheckJobEnv,
      timeout: Duration.minutes(2),
      settings,
    });
    const storeAssets = new ServiceFunction(this, 'StoreAssets', {
      description: 'Copies the files of a finished job into the asset bucket and announces them',
      environment: {
        ...base.scenarioEnvironment(props),
        ...base.outcomeEnvironment(this, props),
        MAX_ASSET_BYTES: String(settings.maxAssetBytes),
        GLB_ERRORS: settings.glbErrors,
      } satisfies StoreAssetsEnv,
      timeout: Duration.minutes(15),
      settings,
    });
    this.stateMachine = new GenerationMachine(this, 'StateMachine', { checkJob, storeAssets, settings });

    base.allowCallScenario(checkJob, props);
    base.allowCallScenario(storeAssets, props);
    base.allowConclude(storeAssets, props);
    base.allowDocuments(storeAssets, assetBucket, ['control/durations.json']);
    storeAssets.allow(['s3:PutObject', 's3:AbortMultipartUpload'], assetBucket.arnForObjects('models/*'));

    createAlarms(this, {
      GenerationTimedOut: [
        this.stateMachine.metricTimedOut(),
        `A generation did not end within ${MACHINE_TIMEOUT.toDays()} days. Its job is paid. Redrive the execution.`,
      ],
      StoreAssetsFailed: [
        storeAssets.metricErrors({ period: Duration.hours(1) }),
        'Paid models cannot be stored. Check the log of StoreAssets, fix the cause, and redrive the executions.',
        REPEATED,
      ],
      AboveQuote: aboveQuote(storeAssets),
    });
  }
}
