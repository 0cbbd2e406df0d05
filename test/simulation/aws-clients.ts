import { EventBridgeClient, ListEventBusesCommand } from '@aws-sdk/client-eventbridge';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ListActivitiesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { region } from '../../local/aws/intrinsics.ts';
import { currentInvocation, sleepIn } from './invocation.ts';
import { ConnectionError } from './wire.ts';
import { normalizeAwsErrors, normalizeS3Errors } from '../../functions/platform/aws-errors.ts';
import { skipPartSignatures } from '../../functions/store-assets/unsigned-parts.ts';

/** What a client sends, as far as an endpoint needs it. */
export interface AwsRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What comes back, in the shape that the clients' deserializers take. */
export interface AwsAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const TRIES = 3;

/**
 * In place of sockets: the call goes over the wire of the world whose code is running. A lost answer, a 5xx or "slow down"
 * is tried again here, as the client itself would, so that its second try meets the effect of the first.
 */
const requestHandler = {
  metadata: { handlerProtocol: 'http/1.1' },
  updateHttpClientConfig: () => undefined,
  httpHandlerConfigs: () => ({}),
  async handle(request: AwsRequest): Promise<{ response: AwsAnswer }> {
    const invocation = currentInvocation();
    for (let tries = 1; ; tries += 1) {
      try {
        const response = await invocation.world.wire.send(invocation, invocation.world.answer(request));
        if (response.statusCode < 500 || tries === TRIES) return { response };
      } catch (error) {
        if (!(error instanceof ConnectionError) || tries === TRIES) throw error;
      }
      await sleepIn(invocation, 100 * 2 ** tries);
    }
  },
};

const config = {
  region,
  endpoint: 'http://127.0.0.1:4566',
  credentials: { accessKeyId: 'functions', secretAccessKey: 'none' },
  // Nobody checks signatures here, and half of a call's time would go into them.
  signer: { sign: async <Sent>(request: Sent) => request },
  maxAttempts: 1,
  // The clients type their handlers by the SDK's own request class; what passes is the same.
  requestHandler: requestHandler as never,
};

/** The real clients, made once for all worlds. */
export const clients = {
  s3: skipPartSignatures(normalizeS3Errors(new S3Client({ ...config, forcePathStyle: true }))),
  sfn: normalizeAwsErrors(new SFNClient(config)),
  events: normalizeAwsErrors(new EventBridgeClient(config)),
  secrets: normalizeAwsErrors(new SecretsManagerClient(config)),
  sqs: normalizeAwsErrors(new SQSClient({ ...config, useQueueUrlAsEndpoint: false })),
};

/**
 * At its first call a client looks for configuration files, in real time, which no virtual clock waits for. So each of them
 * makes a call before the first history; outside of every function it leads nowhere.
 */
export async function warmClients(): Promise<void> {
  await Promise.allSettled([
    clients.s3.send(new ListBucketsCommand()),
    clients.sfn.send(new ListActivitiesCommand()),
    clients.events.send(new ListEventBusesCommand()),
    clients.secrets.send(new ListSecretsCommand()),
    clients.sqs.send(new ListQueuesCommand()),
  ]);
}
