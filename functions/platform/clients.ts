import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { SQSClient } from '@aws-sdk/client-sqs';

/** Everything that a function calls. Each function picks what it needs: `Clients<'s3' | 'fetch'>`. */
export type Clients<Name extends keyof AllClients> = Pick<AllClients, Name>;

interface AllClients {
  readonly s3: S3Client;
  readonly sfn: SFNClient;
  readonly sqs: SQSClient;
  readonly events: EventBridgeClient;
  readonly secrets: SecretsManagerClient;
  readonly fetch: typeof fetch;
}
