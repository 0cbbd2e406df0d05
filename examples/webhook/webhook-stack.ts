import { Duration, SecretValue, Stack, type StackProps } from 'aws-cdk-lib';
import { ApiDestination, Authorization, Connection, EventField, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { ApiDestination as ApiDestinationTarget } from 'aws-cdk-lib/aws-events-targets';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { ImageToModel } from '../../infra/image-to-model.ts';

export interface WebhookStackProps extends StackProps {
  readonly meshdrop: ImageToModel;
  /** Where to post, such as an incoming webhook of a chat. */
  readonly url: string;
  /** The name of a secret with the key that the webhook expects. */
  readonly keySecretName: string;
}

/** Posts a sentence about every image that became no model, as chats such as Slack expect it: `{ "text": "…" }`. */
export class WebhookStack extends Stack {
  constructor(scope: Construct, id: string, { meshdrop, url, keySecretName, ...props }: WebhookStackProps) {
    super(scope, id, props);
    const connection = new Connection(this, 'Connection', {
      authorization: Authorization.apiKey('x-api-key', SecretValue.secretsManager(keySecretName)),
    });
    // A chat takes few messages. EventBridge sends the others later.
    const destination = new ApiDestination(this, 'Webhook', { connection, endpoint: url, rateLimitPerSecond: 1 });
    const deadLetterQueue = new Queue(this, 'DeadLetters', { retentionPeriod: Duration.days(14), enforceSSL: true });
    const key = EventField.fromPath('$.detail.data.upload.key');
    const reason = EventField.fromPath('$.detail.data.failure.reason');
    const hint = EventField.fromPath('$.detail.data.failure.hint');
    const target = new ApiDestinationTarget(destination, {
      event: RuleTargetInput.fromObject({ text: `No model of ${key}: ${reason}. ${hint}` }),
      deadLetterQueue,
    });
    for (const on of ['onModelFailed', 'onUploadRejected'] as const)
      meshdrop[on](on === 'onModelFailed' ? 'Failed' : 'Rejected', { crossStackScope: this, target });
  }
}
