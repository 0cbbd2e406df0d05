import { Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { EventBus, type EventPattern } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { ImageToModel, type ImageToModelProps } from '../../infra/image-to-model.ts';
import { testApp, validTemplate } from './app.ts';
import { permissionsOf } from './permissions.ts';
import { synthesizedConstruct } from './synthesized.ts';

it('a rule on a bus of another account is warned of: it would hear nothing', () => {
  const stack = new Stack(testApp(), 'Theirs');
  const eventBus = EventBus.fromEventBusArn(stack, 'Bus', 'arn:aws:events:us-east-1:444455556666:event-bus/b');

  new ImageToModel(stack, 'Far', { eventBus }).onModelStored('Heard');
  new ImageToModel(stack, 'Here').onModelStored('Heard');

  validTemplate(stack);
  const warned = Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('Create the rule there'));
  expect(warned.map(({ id }) => id)).toEqual(['/Theirs/Far/Heard']);
});

describe('a rule for the events', () => {
  const methods = ['onModelStored', 'onModelFailed', 'onUploadRejected', 'onRenditionsStored'] as const;

  const rulesOn = (propsIn: (stack: Stack) => ImageToModelProps) =>
    synthesizedConstruct(propsIn, (construct, stack) => {
      const target = new SqsQueue(new Queue(stack, 'Listener'));
      for (const method of methods) construct[method](method, { target, description: `theirs: ${method}` });
      construct.onModelStored('OnlyChairs', {
        eventPattern: { detail: { data: { upload: { key: [{ prefix: 'chairs/' }] } } } },
      });
      construct.onModelStored('Elsewhere', { crossStackScope: stack, ruleName: 'elsewhere' });
    });
  const onDefault = rulesOn(() => ({}));
  const onTheirs = rulesOn((stack) => ({ eventBus: new EventBus(stack, 'TheirBus') }));

  it.each([
    ['onModelStored', 'Model Stored'],
    ['onModelFailed', 'Model Failed'],
    ['onUploadRejected', 'Upload Rejected'],
    ['onRenditionsStored', 'Renditions Stored'],
  ])('comes from %s with the detail-type, the target and the options given', (method, detailType) => {
    expect(onDefault.properties('AWS::Events::Rule', method)).toMatchObject({
      Description: `theirs: ${method}`,
      EventPattern: { source: ['meshdrop'], 'detail-type': [detailType] },
      Targets: [{ Arn: 'Listener.Arn' }],
    });
  });

  it('is not given the sources or the detail-types of others, which CDK would join to ours', () => {
    const withPattern = (eventPattern: EventPattern) => () =>
      synthesizedConstruct(
        () => ({}),
        (construct) => construct.onModelStored('Theirs', { eventPattern }),
      );

    for (const pattern of [{ source: ['evil'] }, { detailType: ['Model Lost'] }])
      expect(withPattern(pattern)).toThrow('Theirs: remove source and detailType from eventPattern');
  });

  it.each(methods)('hears of the models of its own deployment only: %s', (method) => {
    expect(onDefault.properties('AWS::Events::Rule', method)).toMatchObject({
      EventPattern: { detail: { data: { manifest: { bucket: ['AssetBucket'] } } } },
    });
  });

  it('is on the bus that the events go to', () => {
    expect(methods.map((name) => onDefault.properties('AWS::Events::Rule', name)['EventBusName'])).toEqual(
      methods.map(() => 'default'),
    );
    expect(methods.map((name) => onTheirs.properties('AWS::Events::Rule', name)['EventBusName'])).toEqual(
      methods.map(() => 'TheirBus'),
    );
    expect(permissionsOf(onTheirs, 'StoreAssetsRole')).toContain('events:PutEvents on TheirBus.Arn');
  });

  it('can be narrowed by a pattern of its own', () => {
    expect(onDefault.properties('AWS::Events::Rule', 'OnlyChairs')).toMatchObject({
      EventPattern: {
        source: ['meshdrop'],
        'detail-type': ['Model Stored'],
        detail: { data: { manifest: { bucket: ['AssetBucket'] }, upload: { key: [{ prefix: 'chairs/' }] } } },
      },
    });
  });

  it('keeps the dead letters of its target, and describes itself only in the words given', () => {
    const withQueue = synthesizedConstruct(
      () => ({}),
      (construct, stack) => {
        const deadLetterQueue = new Queue(stack, 'TheirDeadLetters');
        const target = new SqsQueue(new Queue(stack, 'Listener'), { deadLetterQueue });
        for (const method of methods) construct[method](method, { target });
      },
    );

    for (const method of methods) {
      const rule = withQueue.properties('AWS::Events::Rule', method);
      expect(rule).toMatchObject({ Targets: [{ DeadLetterConfig: { Arn: 'TheirDeadLetters.Arn' } }] });
      expect(rule).not.toHaveProperty('Description');
    }
  });

  it('can be made in another scope', () => {
    expect(onDefault.properties('AWS::Events::Rule', 'Elsewhere')).toMatchObject({
      Name: 'elsewhere',
      EventPattern: { source: ['meshdrop'], 'detail-type': ['Model Stored'] },
    });
  });
});
