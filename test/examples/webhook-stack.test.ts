import { Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { WebhookStack } from '../../examples/webhook/webhook-stack.ts';
import { ImageToModel } from '../../infra/image-to-model.ts';
import { testApp, validTemplate } from '../infra/app.ts';

const app = testApp();
const meshdrop = new ImageToModel(new Stack(app, 'Models'), 'Meshdrop');
const url = 'https://hooks.example.com/services/x';
const template = validTemplate(new WebhookStack(app, 'Webhook', { meshdrop, url, keySecretName: 'webhook-key' }));

describe('the webhook', () => {
  it.each(['Model Failed', 'Upload Rejected'])(
    'is told of each %s in one sentence, and keeps what it cannot send',
    (kind) => {
      const rules = template.findResources('AWS::Events::Rule', {
        Properties: {
          EventPattern: Match.objectLike({ source: ['meshdrop'], 'detail-type': [kind] }),
          Targets: [
            Match.objectLike({
              DeadLetterConfig: Match.anyValue(),
              InputTransformer: Match.objectLike({ InputTemplate: Match.stringLikeRegexp('No model of') }),
            }),
          ],
        },
      });

      expect(Object.keys(rules)).toHaveLength(1);
    },
  );

  it('has no secret in its template', () => {
    template.hasResourceProperties('AWS::Events::ApiDestination', { InvocationEndpoint: url });
    expect(JSON.stringify(template.toJSON())).toContain('{{resolve:secretsmanager:webhook-key:');
  });
});
