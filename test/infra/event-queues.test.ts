import { describe, expect, it } from 'vitest';
import { eventSourcesOf, synthesizedStack } from './synthesized.ts';

const template = synthesizedStack();

describe('the uploads queue', () => {
  const queue = template.properties('AWS::SQS::Queue', 'Uploads/Queue');

  it('hears of every object created in the upload bucket, on the default bus', () => {
    expect(template.properties('AWS::Events::Rule', 'Uploads/UploadCreated')).toEqual({
      Description: 'Every object created in the upload bucket',
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: { bucket: { name: ['UploadBucket'] } },
      },
      Targets: [
        {
          Id: 'Target0',
          Arn: 'Uploads/Queue.Arn',
          DeadLetterConfig: { Arn: 'Uploads/DeadLetters.Arn' },
        },
      ],
    });
  });

  it('keeps messages for 14 days, and those it gives up for 14 more', () => {
    expect(queue).toMatchObject({ MessageRetentionPeriod: 14 * 86_400 });
    expect(template.properties('AWS::SQS::Queue', 'Uploads/DeadLetters')).toEqual({
      MessageRetentionPeriod: 14 * 86_400,
    });
  });

  it('hands a message out again a minute after SubmitJob can last have worked on it', () => {
    const { Timeout } = template.properties('AWS::Lambda::Function', 'SubmitJob');

    expect(queue).toMatchObject({ VisibilityTimeout: 360 });
    expect(Timeout).toBe(360 - 60);
  });

  it('buries a message only after a thousand returns', () => {
    expect(queue).toMatchObject({
      RedrivePolicy: { deadLetterTargetArn: 'Uploads/DeadLetters.Arn', maxReceiveCount: 1000 },
    });
  });

  it('feeds SubmitJob one message at a time, two at once', () => {
    expect(eventSourcesOf(template, 'SubmitJob')).toEqual([
      {
        EventSourceArn: 'Uploads/Queue.Arn',
        FunctionName: 'SubmitJob',
        BatchSize: 1,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 2 },
      },
    ]);
  });
});

describe('the queue of failure reports', () => {
  const queue = template.properties('AWS::SQS::Queue', 'FailureReports/Queue');

  it('receives every execution that ends without a model, however it ends', () => {
    expect(template.properties('AWS::Events::Rule', 'FailureReports/GenerationFailed')).toEqual({
      Description: 'Every generation that ended without a model',
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: ['Generation/StateMachine'],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      Targets: [
        {
          Id: 'Target0',
          Arn: 'FailureReports/Queue.Arn',
          DeadLetterConfig: { Arn: 'FailureReports/DeadLetters.Arn' },
        },
      ],
    });
  });

  it('keeps reports for 14 days, and dead ones for 14 more', () => {
    expect(queue).toMatchObject({ MessageRetentionPeriod: 14 * 86_400 });
    expect(template.properties('AWS::SQS::Queue', 'FailureReports/DeadLetters')).toEqual({
      MessageRetentionPeriod: 14 * 86_400,
    });
  });

  it('gives a report back a minute after ReportFailure can last have worked on it, and up after five tries', () => {
    const { Timeout } = template.properties('AWS::Lambda::Function', 'ReportFailure');

    expect(queue).toMatchObject({
      VisibilityTimeout: Number(Timeout) + 60,
      RedrivePolicy: { deadLetterTargetArn: 'FailureReports/DeadLetters.Arn', maxReceiveCount: 5 },
    });
  });

  it('feeds ReportFailure one report at a time, and loses none that fails', () => {
    expect(eventSourcesOf(template, 'ReportFailure')).toEqual([
      {
        EventSourceArn: 'FailureReports/Queue.Arn',
        FunctionName: 'ReportFailure',
        BatchSize: 1,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 2 },
      },
    ]);
  });
});

describe('the renditions queue', () => {
  it('hears of the models of this deployment alone, on the bus of its events', () => {
    expect(template.properties('AWS::Events::Rule', 'Renditions/ModelStored')).toMatchObject({
      EventBusName: 'default',
      EventPattern: {
        source: ['meshdrop'],
        'detail-type': ['Model Stored'],
        detail: { data: { manifest: { bucket: ['AssetBucket'] } } },
      },
      Targets: [{ Arn: 'Renditions/Queue.Arn', DeadLetterConfig: { Arn: 'Renditions/DeadLetters.Arn' } }],
    });
  });

  it('gives a model back a minute after MakeRenditions can last have worked on it, and up after ten tries', () => {
    const { Timeout } = template.properties('AWS::Lambda::Function', 'MakeRenditions');

    expect(template.properties('AWS::SQS::Queue', 'Renditions/Queue')).toMatchObject({
      VisibilityTimeout: Number(Timeout) + 60,
      RedrivePolicy: { deadLetterTargetArn: 'Renditions/DeadLetters.Arn', maxReceiveCount: 10 },
    });
  });
});

describe('a queue', () => {
  it.each([
    ['Uploads/Queue', 'Uploads/UploadCreated'],
    ['Uploads/DeadLetters', 'Uploads/UploadCreated'],
    ['Renditions/Queue', 'Renditions/ModelStored'],
    ['Renditions/DeadLetters', 'Renditions/ModelStored'],
    ['FailureReports/Queue', 'FailureReports/GenerationFailed'],
    ['FailureReports/DeadLetters', 'FailureReports/GenerationFailed'],
  ])('takes nothing without TLS, and messages only from its own rule: %s', (name, rule) => {
    expect(template.properties('AWS::SQS::QueuePolicy', `${name}/Policy`)).toMatchObject({
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Deny',
            Action: 'sqs:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            Resource: `${name}.Arn`,
          },
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Condition: { ArnEquals: { 'aws:SourceArn': `${rule}.Arn` } },
            Resource: `${name}.Arn`,
          },
        ],
      },
    });
  });

  it('is one of these six', () => {
    expect(Object.keys(template.resources('AWS::SQS::Queue')).sort()).toEqual([
      'FailureReports/DeadLetters',
      'FailureReports/Queue',
      'Renditions/DeadLetters',
      'Renditions/Queue',
      'Uploads/DeadLetters',
      'Uploads/Queue',
    ]);
  });
});
