import { Duration, type aws_s3 as s3, type aws_stepfunctions as sfn } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { SubmitJobEnv } from '../functions/submit-job/submission.ts';
import { createAlarms, REPEATED } from './alarms.ts';
import type { EventQueue } from './event-queue.ts';
import * as base from './foundation.ts';
import { ServiceFunction } from './service-function.ts';
import { submitEnvironment } from './settings/environment.ts';
import type { Settings } from './settings/settings.ts';

export interface SubmissionProps extends base.Foundation {
  readonly uploads: EventQueue;
  readonly stateMachine: sfn.StateMachine;
}

export const SUBMIT_TIMEOUT = Duration.minutes(5);

/** Turns each upload into one paid job with a running execution. */
export class Submission extends Construct {
  private readonly submitJob: ServiceFunction;

  constructor(scope: Construct, id: string, props: SubmissionProps) {
    super(scope, id);
    const { uploads, stateMachine, uploadBucket, assetBucket, settings } = props;
    const submitJob = new ServiceFunction(this, 'SubmitJob', {
      description: 'Brings one upload to a paid job, once, and starts its execution',
      environment: {
        ...base.scenarioEnvironment(props),
        ...base.outcomeEnvironment(this, props),
        ...submitEnvironment(settings),
        STATE_MACHINE_ARN: stateMachine.stateMachineArn,
        UPLOADS_QUEUE_URL: uploads.queue.queueUrl,
      } satisfies SubmitJobEnv,
      timeout: SUBMIT_TIMEOUT,
      settings,
    });
    uploads.feed(submitJob, settings.maxConcurrency);

    base.allowCallScenario(submitJob, props);
    base.allowConclude(submitJob, props);
    // To reuse a stored model, and to see whether submissions are paused.
    submitJob.allow(['s3:GetObject', 's3:GetObjectVersion'], assetBucket.arnForObjects('models/*'));
    submitJob.allow(['s3:GetObject'], assetBucket.arnForObjects('control/paused.json'));
    // When to check the job.
    submitJob.allow(['s3:GetObject'], assetBucket.arnForObjects('control/durations.json'));
    // What Scenario refuses to every upload, shared by all invocations.
    base.allowDocuments(submitJob, assetBucket, ['control/gate.json']);
    stateMachine.grantStartExecution(submitJob);
    // A run whose record is lost must not be paid for again.
    submitJob.allowExecution(stateMachine, 'states:DescribeExecution');

    createAlarms(this, alarmsOf(submitJob, settings));
    this.submitJob = submitJob;
    this.readUploadsOf(uploadBucket);
  }

  readUploadsOf(bucket: s3.IBucket): void {
    this.submitJob.allow(['s3:GetObject', 's3:GetObjectVersion'], bucket.arnForObjects('*'));
    // Without it, S3 answers 403 instead of 404 for a missing object.
    this.submitJob.allow(['s3:ListBucket'], bucket.bucketArn);
    this.submitJob.allowKey(bucket.encryptionKey, 'decrypt');
  }
}

function alarmsOf(submitJob: ServiceFunction, { alarmCuPerHour }: Settings) {
  const hourly = { period: Duration.hours(1) };
  return {
    DuplicateJob: [
      submitJob.serviceMetric('DuplicateJob'),
      'Two jobs were charged for one upload. The log of SubmitJob names both. Ask Scenario to refund the later one.',
    ],
    AccountRefused: [
      submitJob.serviceMetric('AccountRefused'),
      'Scenario refuses the account. Check the API key, the plan, the credits, and the access to the model. Uploads wait and resume once this is fixed.',
    ],
    ManySends: [
      submitJob.serviceMetric('ManySends'),
      'A gateway before Scenario has refused one upload twenty times. The log of SubmitJob names the run. It now sends once a day. Ask Scenario what refuses the request.',
    ],
    OverDailyLimit: [
      submitJob.serviceMetric('OverDailyLimit'),
      "Today's compute units are used up. Uploads wait until tomorrow (UTC), or until you raise maxCuPerDay.",
    ],
    SpendingFast: [
      submitJob.serviceMetric('CuSubmitted', hourly),
      `At least ${alarmCuPerHour} compute units were submitted within an hour (alarmCuPerHour). Check who uploads. To stop at once, create control/paused.json in the asset bucket.`,
      alarmCuPerHour,
    ],
    RecordUnreadable: [
      submitJob.serviceMetric('RecordUnreadable'),
      "A run's record cannot be understood, so its upload waits. The log of SubmitJob names the run. Restore an earlier version of the record, or deploy the version of Meshdrop that wrote it.",
    ],
    UploadRefused: [
      submitJob.serviceMetric('UploadRefused'),
      'S3 refuses to give an upload to SubmitJob. Its log names the run. Check the bucket policy and the KMS key. The upload waits.',
    ],
    UploadsHeldLong: [
      // Longer than an invocation, so that there is data while the same upload is held.
      submitJob.serviceMetric('HeldSeconds', { statistic: 'Maximum', period: Duration.minutes(15) }),
      'An upload arrived half a day ago and is not submitted yet. Find the reason in the metrics BusySeconds, AccountRefused, Paused, and OverDailyLimit, or in the log of SubmitJob.',
      Duration.hours(12).toSeconds(),
    ],
    SubmitJobFailed: [
      submitJob.metricErrors(hourly),
      'SubmitJob keeps failing. Check its log. Uploads wait and resume once it is fixed.',
      REPEATED,
    ],
    UnexpectedError: [
      submitJob.serviceMetric('UnexpectedError', hourly),
      'SubmitJob keeps meeting unexpected errors. Check its log. An upload is reported as failed after five attempts.',
      REPEATED,
    ],
  } as const;
}
