import { Duration, type aws_s3 as s3 } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { createAlarms } from './alarms.ts';
import { EventQueue } from './event-queue.ts';
import type { Foundation } from './foundation.ts';
import { SUBMIT_TIMEOUT } from './submission.ts';

/** Every object created in the upload bucket, waiting for SubmitJob. Ten thousand uploads wait as well as ten. */
export class UploadQueue extends EventQueue {
  constructor(scope: Construct, id: string, { uploadBucket }: Foundation) {
    super(scope, id, {
      rule: 'UploadCreated',
      description: 'Every object created in the upload bucket',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [uploadBucket.bucketName] } },
      },
      consumerTimeout: SUBMIT_TIMEOUT,
      // An upload that waits for credits or for a free slot returns often. That alone must never bury it.
      maxReceiveCount: 1000,
    });
    createAlarms(this, {
      UploadsWaitLong: [
        this.queue.metricApproximateAgeOfOldestMessage(),
        'An upload has waited half a day for its first attempt. Check whether SubmitJob runs, and how long the queue is.',
        Duration.hours(12).toSeconds(),
      ],
      DeadUploads: [
        this.deadLetters.metricApproximateNumberOfMessagesVisible(),
        'SubmitJob received an upload too often. The sweep returns it to the queue or reports it as failed. If it stays, its message cannot be read.',
      ],
    });
  }
  listenTo(bucket: s3.IBucket): void {
    this.rule.addEventPattern({ detail: { bucket: { name: [bucket.bucketName] } } });
  }
}
