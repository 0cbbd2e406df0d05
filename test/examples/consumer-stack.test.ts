import { Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CatalogueStack } from '../../examples/consumer/catalogue-stack.ts';
import { ImageToModel, type ImageToModelProps } from '../../infra/image-to-model.ts';
import { testApp, validTemplate } from '../infra/app.ts';

const resources = z.record(z.string(), z.object({ Properties: z.record(z.string(), z.unknown()) }));

function synthesized(propsIn: (stack: Stack) => ImageToModelProps = () => ({})) {
  const app = testApp();
  const models = new Stack(app, 'Models');
  const meshdrop = new ImageToModel(models, 'Meshdrop', propsIn(models));
  const stack = new CatalogueStack(app, 'Catalogue', { meshdrop });
  const template = validTemplate(stack);
  const all = (type: string) =>
    Object.values(resources.parse(template.findResources(type))).map(({ Properties }) => Properties);
  return { all, stack, models: JSON.stringify(validTemplate(models).toJSON()) };
}

describe('the stack of the example consumer, in one app with the construct', () => {
  const { all, stack, models } = synthesized();
  const deadLetters = { 'Fn::GetAtt': [expect.stringContaining('DeadLetters'), 'Arn'] };

  it('has one rule, for stored models, with a dead-letter queue', () => {
    expect(all('AWS::Events::Rule')).toEqual([
      {
        Description: 'Every model that Meshdrop stores goes to the catalogue',
        State: 'ENABLED',
        EventBusName: 'default',
        EventPattern: {
          source: ['meshdrop'],
          'detail-type': ['Model Stored'],
          detail: { data: { manifest: { bucket: [expect.anything()] } } },
        },
        Targets: [expect.objectContaining({ DeadLetterConfig: { Arn: deadLetters } })],
      },
    ]);
  });

  it('also keeps events that its function refuses', () => {
    expect(all('AWS::Lambda::Function')).toMatchObject([
      {
        Runtime: 'nodejs24.x',
        DeadLetterConfig: { TargetArn: deadLetters },
        Environment: { Variables: { ASSET_BUCKET: expect.anything(), CATALOGUE_BUCKET: expect.anything() } },
      },
    ]);
  });

  it('can read models and write its catalogue, and adds nothing to the stack of Meshdrop', () => {
    const policies = JSON.stringify(all('AWS::IAM::Policy'));

    expect(policies).toContain('/models/*');
    expect(policies).toContain('/catalogue/*');
    expect(models).not.toContain('Catalogue');
    expect(stack.dependencies.map(({ stackName }) => stackName)).toEqual(['Models']);
  });

  it('listens on the bus that receives the events', () => {
    const onTheirs = synthesized((scope) => ({ eventBus: new EventBus(scope, 'TheirBus') }));

    const busNames = onTheirs.all('AWS::Events::Rule').map(({ EventBusName }) => JSON.stringify(EventBusName));
    expect(busNames).toEqual([expect.stringContaining('TheirBus')]);
  });
});
