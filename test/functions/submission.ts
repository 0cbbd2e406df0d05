import { inspectHere } from './inspect-here.ts';
import { EventBridgeClient, PutEventsCommand, type PutEventsCommandInput } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, ExecutionDoesNotExist, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { onTestFinished } from 'vitest';
import type { Model } from '../../functions/models/model.ts';
import { MODELS } from '../../functions/models/registry.ts';
import type { RunRecord } from '../../functions/run/record.ts';
import type { Runs } from '../../functions/run/runs.ts';
import type { Scenario } from '../../functions/scenario/client.ts';
import type { GenerationInput } from '../../functions/submit-job/start-generation.ts';
import { createSubmission, type Submission, type SubmitJobEnv } from '../../functions/submit-job/submission.ts';
import { TryLaterError } from '../../functions/submit-job/errors.ts';
import { submitUpload } from '../../functions/submit-job/submit-upload.ts';
import type { StandInOptionsInput } from '../../local/scenario/moods/options.ts';
import { startStandIn } from '../../local/scenario/server.ts';
import type { StandInModel } from '../../local/scenario/jobs/tripo-inputs.ts';
import { png } from './images.ts';
import { ASSETS, openS3, UPLOADS } from './s3-endpoint.ts';
import { collectTelemetry } from './telemetry-collector.ts';
import { virtualTime } from './virtual-time.ts';
import type { Manifest, MeshdropEvent } from '../../functions/contract/schemas.ts';
import { manifestKey } from '../../functions/run/keys.ts';
import { type AnnouncedUpload, runIdOf } from '../../functions/run/upload.ts';

const LIFETIME_MS = 300_000;
export const KEY = 'chairs/Oak Chair.png';
export const STATE_MACHINE_ARN = 'arn:aws:states:us-east-1:000000000000:stateMachine:Generation';

/** What one invocation has otherwise than the function's own composition. */
type Changed = Partial<Omit<Submission, 'runs' | 'settings' | 'scenario'>> & {
  readonly runs?: Partial<Runs>;
  readonly settings?: Partial<Submission['settings']>;
  readonly scenario?: Partial<Scenario>;
};

interface Setting {
  readonly env?: Partial<SubmitJobEnv>;
  readonly models?: readonly Model[];
  /** What the stand-in can run. */
  readonly standInModels?: readonly StandInModel[];
}

/** SubmitJob as it is composed in AWS; around it the stand-in, S3, and a clock that only sleeping moves. */
export async function openSubmission(
  options: StandInOptionsInput = {},
  { env, models = MODELS, standInModels }: Setting = {},
) {
  const time = virtualTime();
  const s3 = await openS3(time.now);
  const standIn = await startStandIn({
    apiKey: 'key',
    apiSecret: 'secret',
    now: time.now,
    models: standInModels,
    options: { requestsPerWindow: 1_000_000, resultModel: 'triangle', jobSeconds: 120, ...options },
  });
  onTestFinished(() => standIn.close());
  const { telemetry, counts, lines } = collectTelemetry();
  const events: MeshdropEvent[] = [];
  const started: GenerationInput[] = [];
  const clients = { ...mockedClients(events, started), s3: s3.s3, fetch };
  const variables: SubmitJobEnv = {
    SCENARIO_URL: standIn.url,
    SCENARIO_SECRET_ARN: 'arn:secret',
    RESULT_HOSTS: '[]',
    ASSET_BUCKET: ASSETS,
    EVENT_BUS_NAME: 'default',
    STATE_MACHINE_ARN,
    MODEL: 'tripo-3-1',
    PARAMETER_SETTINGS: '{"defaults":{},"presets":{}}',
    MAX_CU_PER_RUN: '150',
    MAX_CU_PER_DAY: 'Infinity',
    ON_DUPLICATE: 'regenerate',
    METADATA_ALLOWED: '"all"',
    CARRY_METADATA: '[]',
    IGNORED: '{"prefixes":[],"names":[]}',
    UPLOADS_QUEUE_URL: 'https://queue',
    ...env,
  };
  const submissionWith = (fetched: typeof fetch) =>
    createSubmission(variables, { ...clients, fetch: fetched, inspect: inspectHere }, time, { telemetry, models });
  const submission = submissionWith(fetch);
  const { records, documents } = submission.runs;

  /** One invocation of the function, with five minutes of its own. */
  function submit(upload: AnnouncedUpload, changed: Changed = {}): Promise<void> {
    const endsAt = time.now() + LIFETIME_MS;
    return submitUpload(upload, {
      ...submission,
      remainingMs: () => endsAt - time.now(),
      ...changed,
      runs: { ...submission.runs, ...changed.runs },
      settings: { ...submission.settings, ...changed.settings },
      scenario: { ...submission.scenario, ...changed.scenario },
    });
  }

  /** Invocations until none asks for its message to come back: each comes when the one before said. */
  async function submitUntilDone(upload: AnnouncedUpload, changed: Changed = {}): Promise<number> {
    for (let invocations = 1; invocations < 50; invocations += 1) {
      const again = await submit(upload, changed).catch((error: unknown) => error);
      if (again === undefined) return invocations;
      if (!(again instanceof TryLaterError)) throw again;
      time.pass(again.inSeconds);
    }
    throw new Error('the upload is still not submitted after fifty invocations');
  }

  async function drop(metadata: Record<string, string> = {}, key = KEY, body?: Uint8Array | string) {
    const upload = await s3.put(UPLOADS, key, body ?? (await png()), metadata);
    return { upload, runId: runIdOf(upload) };
  }

  async function record(runId: string): Promise<RunRecord | undefined> {
    return (await records.read(runId))?.record;
  }

  async function manifest(runId: string, key = KEY): Promise<Manifest | undefined> {
    return (await documents.read(manifestKey(key, runId)))?.value as Manifest | undefined;
  }

  return {
    time,
    s3,
    standIn,
    env: variables,
    clients,
    telemetry,
    submission,
    runs: submission.runs,
    records,
    documents,
    scenario: submission.scenario,
    events,
    started,
    submit,
    submitUntilDone,
    drop,
    record,
    manifest,
    counts,
    lines,
    /** Scenario over another `fetch`. */
    scenarioWith: (fetched: typeof fetch) => submissionWith(fetched).scenario,
    /** Jobs that were ever paid. */
    jobs: () => standIn.ledger().jobs,
    requests: () => standIn.ledger().requests,
  };
}
export type OpenSubmission = Awaited<ReturnType<typeof openSubmission>>;

/** A bus and a state machine that take everything, the secret of the stand-in, and an S3 without objects. */
export function mockedClients(events: MeshdropEvent[], started: GenerationInput[] = []) {
  const clients = {
    events: new EventBridgeClient({ region: 'us-east-1' }),
    sfn: new SFNClient({ region: 'us-east-1' }),
    sqs: new SQSClient({ region: 'us-east-1' }),
    secrets: new SecretsManagerClient({ region: 'us-east-1' }),
    s3: new S3Client({ region: 'us-east-1' }),
  };
  mockClient(clients.s3)
    .on(GetObjectCommand)
    .rejects(new NoSuchKey({ message: 'none', $metadata: {} }))
    .on(PutObjectCommand)
    .resolves({ ETag: '"1"' });
  mockClient(clients.events)
    .on(PutEventsCommand)
    .callsFake(({ Entries = [] }: PutEventsCommandInput) => {
      for (const { DetailType, Detail = '' } of Entries)
        events.push({ detailType: DetailType, detail: JSON.parse(Detail) } as MeshdropEvent);
      return { FailedEntryCount: 0, Entries: [] };
    });
  mockClient(clients.sfn)
    .on(DescribeExecutionCommand)
    .callsFake(({ executionArn }: { executionArn: string }) => {
      const found = started.find(({ runId }) => executionArn.endsWith(`:${runId}`));
      if (!found) throw new ExecutionDoesNotExist({ message: 'none', $metadata: {} });
      return { executionArn, status: 'RUNNING' };
    })
    .on(StartExecutionCommand)
    .callsFake(({ input }: { input: string }) => {
      started.push(JSON.parse(input) as GenerationInput);
      return {};
    });
  mockClient(clients.sqs);
  const SecretString = JSON.stringify({ apiKey: 'key', apiSecret: 'secret' });
  mockClient(clients.secrets).on(GetSecretValueCommand).resolves({ SecretString });
  return clients;
}
