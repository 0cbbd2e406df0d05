import { type App, Stack, Validations } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { ImageToModel, type ImageToModelProps } from '../../infra/image-to-model.ts';
import { MeshdropStack } from '../../infra/meshdrop-stack.ts';
import { readSettings } from '../../infra/settings/settings.ts';
import { testApp } from './app.ts';

/** What cdk-nag finds and nobody has acknowledged: the rule, and where. */
function findingsIn(app: App): readonly string[] {
  return [new AwsSolutionsChecks(app), new ServerlessChecks(app)].flatMap((pack) =>
    pack
      .validateScope(app)
      .violations.flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
      ),
  );
}

function appWith(propsIn: (stack: Stack) => ImageToModelProps): App {
  const app = testApp();
  const stack = new Stack(app, 'Theirs');
  const { node } = new ImageToModel(stack, 'Pictures', propsIn(stack));
  if (node.scope !== stack) throw new Error('the construct is elsewhere');
  return app;
}

describe('cdk-nag finds nothing that is not acknowledged, with a reason,', () => {
  it('in the stack', () => {
    const { node } = new MeshdropStack(testApp(), 'Meshdrop', readSettings({}));

    expect(findingsIn(node.root as App)).toEqual([]);
  });

  it('in the stack of somebody else, with buckets, keys, and logs of their own', () => {
    const app = appWith((stack) => ({
      assetBucket: Bucket.fromBucketAttributes(stack, 'Assets', {
        bucketName: 'their-assets',
        encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }),
      }),
      accessLogBucket: Bucket.fromBucketName(stack, 'Logs', 'their-logs'),
    }));

    expect(findingsIn(app)).toEqual([]);
  });

  it('although it looks: a bucket of theirs without TLS is still found', () => {
    const app = appWith((stack) => ({ uploadBucket: new Bucket(stack, 'Open') }));

    expect(findingsIn(app)).toContain('AwsSolutions-S10 at Theirs/Open/Resource');
  });
});

it('CDK stops a synthesis that has other findings, and lets ours pass', () => {
  const app = appWith(() => ({}));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));

  expect(() => app.synth()).not.toThrow();
});
