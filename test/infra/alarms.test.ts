import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { synthesizedConstruct, synthesizedStack } from './synthesized.ts';

const template = synthesizedStack();

describe('the alarms', () => {
  const of = (namespace: string, metric: string, dimensions: Record<string, string>) => ({
    Namespace: namespace,
    MetricName: metric,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
  });
  const ours = (metric: string, path = 'Submission/SubmitJob') => ({
    ...of('Meshdrop', metric, { service: `Meshdrop/ImageToModel/${path}` }),
    Statistic: 'Sum',
  });
  const waiting = (queue: string) =>
    of('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName: `${queue}.QueueName` });
  const errors = (name: string) => of('AWS/Lambda', 'Errors', { FunctionName: name });
  const ringing = [
    ['Submission/DuplicateJob', 1, ours('DuplicateJob')],
    ['Submission/AccountRefused', 1, ours('AccountRefused')],
    ['Submission/ManySends', 1, ours('ManySends')],
    ['Submission/OverDailyLimit', 1, ours('OverDailyLimit')],
    ['Submission/SpendingFast', 400, { ...ours('CuSubmitted'), Period: 3600 }],
    ['Submission/RecordUnreadable', 1, ours('RecordUnreadable')],
    ['Submission/SubmitJobFailed', 5, { ...errors('SubmitJob'), Period: 3600 }],
    ['Submission/UnexpectedError', 5, { ...ours('UnexpectedError'), Period: 3600 }],
    ['Submission/UploadRefused', 1, ours('UploadRefused')],
    ['Submission/UploadsHeldLong', 43_200, { ...ours('HeldSeconds'), Statistic: 'Maximum', Period: 900 }],
    [
      'Uploads/UploadsWaitLong',
      43_200,
      of('AWS/SQS', 'ApproximateAgeOfOldestMessage', { QueueName: 'Uploads/Queue.QueueName' }),
    ],
    ['Uploads/DeadUploads', 1, waiting('Uploads/DeadLetters')],
    ['FailureReports/AboveQuote', 1, ours('AboveQuote', 'FailureReports/ReportFailure')],
    ['FailureReports/ModelNotStored', 1, ours('ModelNotStored', 'FailureReports/ReportFailure')],
    ['FailureReports/DeadFailureReports', 1, waiting('FailureReports/DeadLetters')],
    [
      'Generation/GenerationTimedOut',
      1,
      of('AWS/States', 'ExecutionsTimedOut', { StateMachineArn: 'Generation/StateMachine' }),
    ],
    ['Generation/AboveQuote', 1, ours('AboveQuote', 'Generation/StoreAssets')],
    ['Generation/StoreAssetsFailed', 5, { ...errors('StoreAssets'), Period: 3600 }],
    ['Renditions/DeadRenditions', 1, waiting('Renditions/DeadLetters')],
    ['Sweep/SweepFailed', 1, errors('Sweep')],
    ['Sweep/GenerationLate', 1, ours('GenerationLate', 'Sweep/Sweep')],
    ['Sweep/LookFailed', 1, ours('LookFailed', 'Sweep/Sweep')],
  ] as const;
  const topicArn = 'arn:aws:sns:us-east-1:111122223333:alarms';

  it('are these and no other', () => {
    expect(Object.keys(template.resources('AWS::CloudWatch::Alarm')).sort()).toEqual(
      [...ringing.map(([name]) => name), 'Sweep/SweepMissing'].sort(),
    );
  });

  it.each(ringing)('ring once it takes a person, and are calm without data: %s', (name, Threshold, metric) => {
    expect(template.properties('AWS::CloudWatch::Alarm', name)).toMatchObject({
      Period: 300,
      ...metric,
      Threshold,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
      AlarmDescription: expect.stringMatching(/\w+\. /) as string,
    });
  });

  it('ring when the sweep is not invoked any more, because nothing else would tell', () => {
    expect(template.properties('AWS::CloudWatch::Alarm', 'Sweep/SweepMissing')).toMatchObject({
      ...of('AWS/Lambda', 'Invocations', { FunctionName: 'Sweep' }),
      Period: 3600,
      EvaluationPeriods: 3,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
  });

  it('count what the functions count under their own names, so that no other deployment rings them', () => {
    const theirs = synthesizedConstruct(() => ({}));

    for (const [stack, service] of [
      [template, 'Meshdrop/ImageToModel/Submission/SubmitJob'],
      [theirs, 'Theirs/ImageToModel/Submission/SubmitJob'],
    ] as const) {
      expect(stack.properties('AWS::Lambda::Function', 'SubmitJob')).toMatchObject({
        Environment: { Variables: { POWERTOOLS_SERVICE_NAME: service } },
      });
      expect(stack.properties('AWS::CloudWatch::Alarm', 'Submission/AccountRefused')).toMatchObject({
        Dimensions: [{ Name: 'service', Value: service }],
      });
    }
  });

  it('only show in the console if there is no topic', () => {
    for (const { Properties } of Object.values(template.resources('AWS::CloudWatch::Alarm')))
      expect(Properties).not.toHaveProperty('AlarmActions');
  });

  it('all ring where the deployer says', () => {
    const byName = synthesizedStack({ alarmTopicArn: topicArn });
    const byProps = synthesizedConstruct((stack) => ({ alarmTopic: new Topic(stack, 'TheirTopic') }));

    for (const [brought, arn] of [
      [byName, topicArn],
      [byProps, 'TheirTopic'],
    ] as const) {
      const alarms = Object.values(brought.resources('AWS::CloudWatch::Alarm'));
      expect(alarms).toHaveLength(ringing.length + 1);
      for (const { Properties } of alarms) expect(Properties).toMatchObject({ AlarmActions: [arn], OKActions: [arn] });
    }
  });
});
