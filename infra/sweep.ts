import {
  Duration,
  Lazy,
  Stack,
  type aws_s3 as s3,
  aws_events as events,
  type aws_stepfunctions as sfn,
  aws_events_targets as targets,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { SweepEnv } from '../functions/sweep/sweeping.ts';
import { acknowledge } from './acknowledge.ts';
import { createAlarms, createHeartbeat } from './alarms.ts';
import type { EventQueue } from './event-queue.ts';
import * as base from './foundation.ts';
import { ServiceFunction } from './service-function.ts';
import { submitEnvironment } from './settings/environment.ts';

export interface SweepProps extends base.Foundation {
  readonly uploads: EventQueue;
  readonly failureReports: EventQueue;
  readonly stateMachine: sfn.StateMachine;
}

/** Looks for lost uploads, since no event is sure to arrive. */
export class Sweep extends Construct {
  private readonly sweep: ServiceFunction;
  private readonly moreUploadBuckets: string[] = [];

  constructor(scope: Construct, id: string, props: SweepProps) {
    super(scope, id);
    const { uploads, failureReports, stateMachine, uploadBucket, assetBucket, settings } = props;
    const sweep = new ServiceFunction(this, 'Sweep', {
      description: 'Finds lost uploads and puts them back on their way',
      environment: {
        ASSET_BUCKET: assetBucket.bucketName,
        UPLOAD_BUCKET: uploadBucket.bucketName,
        MORE_UPLOAD_BUCKETS: Lazy.string({ produce: () => Stack.of(this).toJsonString(this.moreUploadBuckets) }),
        IGNORED: submitEnvironment(settings).IGNORED,
        STATE_MACHINE_ARN: stateMachine.stateMachineArn,
        UPLOADS_QUEUE_URL: uploads.queue.queueUrl,
        UPLOADS_DEAD_LETTERS_URL: uploads.deadLetters.queueUrl,
        FAILURE_REPORTS_QUEUE_URL: failureReports.queue.queueUrl,
        FAILURE_REPORTS_DEAD_LETTERS_URL: failureReports.deadLetters.queueUrl,
      } satisfies SweepEnv,
      timeout: Duration.minutes(10),
      settings,
    });
    const schedule = new events.Rule(this, 'Schedule', {
      description: 'Starts the sweep',
      schedule: events.Schedule.rate(Duration.minutes(settings.sweepMinutes)),
      targets: [new targets.LambdaFunction(sweep)],
    });

    acknowledge(schedule, { 'Serverless-EventBusDLQ': 'The next hour starts the sweep again. SweepMissing rings.' });
    this.sweep = sweep;
    sweep.allow(['s3:ListBucketVersions'], uploadBucket.bucketArn);
    base.allowDocuments(sweep, assetBucket, ['runs/*', 'control/sweep.json']);
    // To see whether a run has a manifest.
    sweep.allow(['s3:GetObject'], assetBucket.arnForObjects('models/*/manifest.json'));
    sweep.allowExecution(stateMachine, 'states:DescribeExecution');
    uploads.queue.grant(sweep, 'sqs:SendMessage', 'sqs:GetQueueAttributes');
    failureReports.queue.grant(sweep, 'sqs:SendMessage');
    for (const { deadLetters } of [uploads, failureReports])
      deadLetters.grant(sweep, 'sqs:ReceiveMessage', 'sqs:DeleteMessage');

    // Of two sweeps, at least one has to begin.
    createHeartbeat(this, 'SweepMissing', sweep, 2 * settings.sweepMinutes);
    createAlarms(this, {
      SweepFailed: [sweep.metricErrors(), 'The sweep failed, so lost uploads stay lost. Check its log.'],
      GenerationLate: [
        sweep.serviceMetric('GenerationLate'),
        'A paid job was submitted more than two hours ago and is not stored. Its execution keeps retrying. The log of CheckJob or StoreAssets says what Scenario or S3 refuses. Fix the cause. Nothing is lost.',
      ],
      LookFailed: [
        sweep.serviceMetric('LookFailed'),
        'The sweep could not check an upload and tries again. Its log names the key. A record that cannot be read needs a person.',
      ],
    });
  }
  listUploadsOf(bucket: s3.IBucket): void {
    this.moreUploadBuckets.push(bucket.bucketName);
    this.sweep.allow(['s3:ListBucketVersions'], bucket.bucketArn);
  }
}
