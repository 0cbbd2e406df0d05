import { inspectHere } from '../functions/inspect-here.ts';
import { type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { type SecretsManagerClient, SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';
import { tripo31 } from '../../functions/models/tripo-3-1.ts';
import { normalizeAwsErrors, normalizeS3Errors } from '../../functions/platform/aws-errors.ts';
import { createScenario } from '../../functions/scenario/client.ts';
import { createCredentialSource } from '../../functions/scenario/credentials.ts';
import { AssetNotVisibleError, ScenarioInputError, SubmissionUncertainError } from '../../functions/scenario/errors.ts';
import { TryLaterError } from '../../functions/submit-job/errors.ts';
import { holdAndRetry } from '../../functions/submit-job/hold.ts';
import { readImage } from '../../functions/submit-job/read-image.ts';

/** An answer, as its name or reason, and its status. */
type Said = readonly [name: string, status: number, message?: string];

const REFUSALS: readonly Said[] = [
  ['AccessDenied', 403],
  ['KMS.DisabledException', 400],
  ['KMS.NotFoundException', 400],
  ['NoSuchBucket', 404],
  ['PermanentRedirect', 301],
  ['ExpiredToken', 400],
  ['RequestTimeTooSkewed', 403],
  ['SlowDown', 503],
  ['InternalError', 500],
];

const ABOUT_THE_IMAGE: readonly Said[] = [
  ['NoSuchKey', 404],
  ['NoSuchVersion', 404],
  ['MethodNotAllowed', 405],
  ['PreconditionFailed', 412],
  ['InvalidObjectState', 403],
  ['InvalidRequest', 400, 'The object was stored using a form of Server Side Encryption.'],
];

const SECRETS: readonly Said[] = [
  ['ResourceNotFoundException', 400],
  ['AccessDeniedException', 400],
  ['DecryptionFailure', 400],
  ['InternalServiceError', 500],
];

const SCENARIO: readonly Said[] = [
  ['The image is too dark', 400],
  ['Asset is still being processed', 400],
  ['Wrong key', 401],
  ['Not enough creative units', 402],
  ['Forbidden', 403],
  ['Asset asset_1 not found', 404],
  ['Model not found', 404],
  ['Too large', 413],
  ['Invalid parameter', 422],
  ['Too Many Requests', 429],
  ['Internal error', 500],
];

const clock = {
  now: () => 0,
  sleep: async () => undefined,
  alarm: () => ({ refresh() {}, close() {} }),
  random: () => 0,
};
const nothing = () => undefined;
const telemetry = { log: { info: nothing, warn: nothing, error: nothing, appendKeys: nothing }, count: nothing };

const metadataOf = (httpStatusCode: number) => ({ $fault: 'client' as const, $metadata: { httpStatusCode } });

/** The `send` of a client whose calls fail like this, behind the middleware of the functions. */
function failing(error: Error, normalize: (client: never) => unknown): () => Promise<never> {
  type Middleware = (next: () => Promise<never>) => (args: unknown) => Promise<never>;
  let wrap: Middleware = (next) => next;
  normalize({ middlewareStack: { add: (added: Middleware) => void (wrap = added) } } as never);
  const send = wrap(() => Promise.reject(error));
  return async () => await send({});
}

/** What SubmitJob does with an error, by its own code. */
async function consequenceOf(error: unknown): Promise<string> {
  if (error instanceof TryLaterError) return `tries again in ${error.inSeconds / 60} minutes`;
  if (error instanceof ScenarioInputError) return 'rejects the image: `refused-by-scenario`';
  let isFirst = true;
  const attempt = async () => {
    if (!isFirst) return 'holds the image, and tries again by itself';
    isFirst = false;
    throw error;
  };
  const held = await holdAndRetry(attempt, { clock, telemetry, remainingMs: () => 300_000 }).catch(
    () => 'counts an error; after five of them, the run fails: `internal`',
  );
  return error instanceof AssetNotVisibleError ? 'holds the image for two minutes, then rejects it' : held;
}

async function aboutADocument([name, status]: Said): Promise<string> {
  const error = new S3ServiceException({ name, message: name, ...metadataOf(status) });
  return await failing(error, normalizeS3Errors)().catch(consequenceOf);
}

async function aboutTheImage([name, status, message = name]: Said): Promise<string> {
  const error = new S3ServiceException({ name, message, ...metadataOf(status) });
  const s3 = { send: failing(error, normalizeS3Errors) } as Pick<S3Client, 'send'> as S3Client;
  const announced = { bucket: 'uploads', key: 'oak.png', versionId: '1', etag: 'x', sequencer: '1' };
  try {
    const found = await readImage(announced, { s3, inspect: inspectHere }, () => tripo31.image);
    if (found.kind === 'image') throw new Error('there is no image');
    const end = found.kind === 'gone' ? 'ends the run as failed' : 'rejects the image';
    return `${end}: \`${found.failure.code}\`, ${found.failure.reason}`;
  } catch (thrown) {
    return await consequenceOf(thrown);
  }
}

async function aboutTheSecret([name, status]: Said): Promise<string> {
  const error = new SecretsManagerServiceException({ name, message: name, ...metadataOf(status) });
  const send = failing(error, normalizeAwsErrors);
  const client = { send } as Pick<SecretsManagerClient, 'send'> as SecretsManagerClient;
  return await createCredentialSource(client, 'arn')
    .get()
    .then(() => 'nothing', consequenceOf);
}

function scenarioThatSays([reason, status]: Said) {
  const answering: typeof fetch = async () => Response.json({ reason, trace_id: '1' }, { status });
  const credentials = { get: async () => ({ apiKey: 'k', apiSecret: 's' }), drop: nothing };
  return createScenario({ url: 'https://api.example/v1', credentials, fetch: answering, clock });
}

const request = { modelId: tripo31.id, assetId: 'asset_1', inputs: {} };

async function ofFreeCalls(said: Said): Promise<string> {
  return await scenarioThatSays(said)
    .quote(request)
    .then(() => 'nothing', consequenceOf);
}

async function ofThePaidCall(said: Said): Promise<string> {
  const isUncertain = await scenarioThatSays(said)
    .generate(request)
    .then(
      () => false,
      (error: unknown) => error instanceof SubmissionUncertainError,
    );
  return isUncertain
    ? 'looks for a job for eight minutes'
    : `looks for a job for a minute, then: ${await ofFreeCalls(said)}`;
}

async function rowsOf(who: string, all: readonly Said[], does: (said: Said) => Promise<string>) {
  return await Promise.all(all.map(async (said) => `| ${who} | ${said[1]} ${said[0]} | ${await does(said)} |`));
}

/** Every row is what the code does with the answer. */
export const whoseFaultTable = [
  '| Who says it | What it says | What SubmitJob does |',
  '| --- | --- | --- |',
  ...(await rowsOf('S3, about the image', [...ABOUT_THE_IMAGE, ...REFUSALS], aboutTheImage)),
  ...(await rowsOf('S3, about any other object', REFUSALS, aboutADocument)),
  ...(await rowsOf('Secrets Manager', SECRETS, aboutTheSecret)),
  ...(await rowsOf('Scenario, to a free call', SCENARIO, ofFreeCalls)),
  ...(await rowsOf('Scenario, to the paid call', SCENARIO, ofThePaidCall)),
].join('\n');
