import { EventBridgeClient, ListEventBusesCommand } from '@aws-sdk/client-eventbridge';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ListActivitiesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { region } from '../../../local/aws/intrinsics.ts';
import { currentInvocation, sleepIn } from './invocation.ts';
import { ConnectionError } from './wire.ts';
import { normalizeAwsErrors, normalizeS3Errors } from '../../../functions/platform/aws-errors.ts';
import { skipPartSignatures } from '../../../functions/store-assets/unsigned-parts.ts';

/** The parts of a client's request that an endpoint needs. */
export interface AwsRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An answer in the format that the clients' deserializers expect. */
export interface AwsAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const TRIES = 3;

/**
 * Replaces sockets: the call goes over the wire of the world whose code is running. Retries a lost answer, a 5xx, and
 * "slow down", as the client itself does, so that the retry meets the effect of the first call.
 */
const requestHandler = {
  metadata: { handlerProtocol: 'http/1.1' },
  updateHttpClientConfig: () => undefined,
  httpHandlerConfigs: () => ({}),
  async handle(request: AwsRequest): Promise<{ response: AwsAnswer }> {
    const invocation = currentInvocation();
    for (let tries = 1; ; tries += 1) {
      try {
        const response = await invocation.world.wire.send(
          invocation,
          invocation.world.answer(request, invocation.functionName),
        );
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
  // Signatures are not checked here, and they would take half of a call's time.
  signer: { sign: async <Sent>(request: Sent) => request },
  maxAttempts: 1,
  // The clients type their handlers with the SDK's own request class, which has the same content.
  requestHandler: requestHandler as never,
};

/** The real clients, created once for all worlds. */
export const clients = {
  s3: skipPartSignatures(normalizeS3Errors(new S3Client({ ...config, forcePathStyle: true }))),
  sfn: normalizeAwsErrors(new SFNClient(config)),
  events: normalizeAwsErrors(new EventBridgeClient(config)),
  secrets: normalizeAwsErrors(new SecretsManagerClient(config)),
  sqs: normalizeAwsErrors(new SQSClient({ ...config, useQueueUrlAsEndpoint: false })),
};

/**
 * At its first call, a client looks for configuration files in real time, which a virtual clock doesn't wait for. So
 * each client makes a call before the first history. Outside of a function, the call leads nowhere.
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
