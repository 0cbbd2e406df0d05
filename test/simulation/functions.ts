import { inspect } from 'node:util';
import type { SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { type CheckJobInput, checkJob } from '../../functions/check-job/check-job.ts';
import { againSchema } from '../../functions/submit-job/on-duplicate.ts';
import { createAnnounce } from '../../functions/run/announce.ts';
import type { AnswerTools } from '../../functions/run/conclude.ts';
import { createJsonObjects } from '../../functions/platform/json-store.ts';
import type { Log } from '../../functions/platform/observability.ts';
import { parameterSettingsSchema } from '../../functions/models/parameters.ts';
import { createRecords } from '../../functions/run/record.ts';
import { executionIn, reportFailure } from '../../functions/run/report-failure.ts';
import { createScenario, type Scenario } from '../../functions/scenario/client.ts';
import { secretReader } from '../../functions/scenario/credentials.ts';
import { type StoreAssetsInput, storeAssets } from '../../functions/store-assets/store-assets.ts';
import { createGiveBack } from '../../functions/submit-job/give-back.ts';
import { createSpendGuard } from '../../functions/spending/spend-guard.ts';
import { createStartGeneration } from '../../functions/submit-job/start-generation.ts';
import { submitJob } from '../../functions/submit-job/submit-job.ts';
import { eachUpload } from '../../functions/submit-job/consume-queue.ts';
import { sweep } from '../../functions/sweep/sweep.ts';
import { clients } from './aws-clients.ts';
import { alarmIn, type Invocation, sleepIn } from './invocation.ts';
import type { Logic } from './lambda.ts';
import { scenarioFetch, scenarioGet } from './scenario-fetch.ts';

/** The real functions with the real clients, wired as in their `handler.ts`; only the clock and the wire are the world's. */
export const logics: Readonly<Record<string, Logic>> = {
  SubmitJob: (event, invocation) => {
    const env = environmentOf(invocation);
    const answerTools = answerToolsOf(invocation);
    const log = logOf(invocation);
    const tools = {
      ...answerTools,
      s3: clients.s3,
      scenario: scenarioOf(invocation),
      startGeneration: createStartGeneration(clients.sfn, env('STATE_MACHINE_ARN')),
      parameterSettings: parameterSettingsSchema.parse(JSON.parse(env('PARAMETER_SETTINGS'))),
      again: againSchema.parse(env('AGAIN')),
      maxCuPerRun: Number(env('MAX_CU_PER_RUN')),
      spendGuard: createSpendGuard(answerTools.objects, Number(env('MAX_CU_PER_DAY'))),
      sleep: (ms: number) => sleepIn(invocation, ms),
      random: invocation.world.random,
      log,
      remainingMs: () => invocation.deadline - invocation.world.clock.now(),
    };
    const giveBack = createGiveBack(clients.sqs, env('UPLOADS_QUEUE_URL'), log);
    const ignorePrefixes = listOf(env('IGNORE_PREFIXES'));
    return eachUpload(event as SQSEvent, { ...answerTools, ignorePrefixes, giveBack, log }, (upload) =>
      submitJob(upload, tools),
    );
  },

  CheckJob: (event, invocation) => {
    const deadlineSeconds = Number(environmentOf(invocation)('JOB_DEADLINE_SECONDS'));
    const scenario = scenarioOf(invocation);
    return checkJob(event as CheckJobInput, { scenario, now: nowOf(invocation), deadlineSeconds });
  },

  StoreAssets: (event, invocation) =>
    storeAssets(event as StoreAssetsInput, {
      ...answerToolsOf(invocation),
      s3: clients.s3,
      scenario: scenarioOf(invocation),
      apiUrl: invocation.world.scenarioUrl,
      get: scenarioGet,
      lookup: () => Promise.reject(new Error('all files are at the stand-in')),
      alarm: (ms, ring) => alarmIn(invocation, ms, ring),
      sleep: (ms: number) => sleepIn(invocation, ms),
      // A thread works in real time.
      validate: async () => ({}),
      maxAssetBytes: Number(environmentOf(invocation)('MAX_ASSET_BYTES')),
      glbErrors: 'record',
      log: logOf(invocation),
    }),

  ReportFailure: (event, invocation) =>
    reportFailure(executionIn(event), {
      ...answerToolsOf(invocation),
      sfn: clients.sfn,
      log: logOf(invocation),
    }),

  Sweep: (_event, invocation) => {
    const env = environmentOf(invocation);
    return sweep({
      ...answerToolsOf(invocation),
      s3: clients.s3,
      sfn: clients.sfn,
      sqs: clients.sqs,
      uploadBucket: env('UPLOAD_BUCKET'),
      stateMachineArn: env('STATE_MACHINE_ARN'),
      ignorePrefixes: listOf(env('IGNORE_PREFIXES')),
      queueUrls: {
        uploads: env('UPLOADS_QUEUE_URL'),
        deadUploads: env('UPLOADS_DEAD_LETTERS_URL'),
        deadReports: env('FAILURE_REPORTS_DEAD_LETTERS_URL'),
      },
      remainingMs: () => invocation.deadline - invocation.world.clock.now(),
      log: logOf(invocation),
    });
  },
};

/** The template's variables, by name. */
function environmentOf({ world, functionName }: Invocation): (name: string) => string {
  const variables = world.environment(functionName);
  return (name) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`${functionName} has no ${name} in its environment`);
    return value;
  };
}

function listOf(json: string): readonly string[] {
  return z.array(z.string()).parse(JSON.parse(json));
}

/** Each function's clock may be minutes off. */
function nowOf({ world, functionName }: Invocation): () => number {
  return () => world.clock.now() + world.skewMs(functionName);
}

function answerToolsOf(invocation: Invocation): AnswerTools {
  const env = environmentOf(invocation);
  const assetBucket = env('ASSET_BUCKET');
  const objects = createJsonObjects(clients.s3, assetBucket);
  return {
    objects,
    records: createRecords(objects),
    assetBucket,
    announce: createAnnounce(clients.events, env('EVENT_BUS_NAME'), (ms) => sleepIn(invocation, ms)),
    now: nowOf(invocation),
    count: () => undefined,
  };
}

/** Kept while the function is warm, with the credentials that it has read. */
function scenarioOf(invocation: Invocation): Scenario {
  const { container, world } = invocation;
  const arn = environmentOf(invocation)('SCENARIO_SECRET_ARN');
  const credentials =
    (container.get('credentials') as ReturnType<typeof secretReader> | undefined) ??
    secretReader(clients.secrets, arn);
  container.set('credentials', credentials);
  return createScenario({
    url: world.scenarioUrl,
    credentials,
    fetch: scenarioFetch,
    sleep: (ms) => sleepIn(invocation, ms),
    now: nowOf(invocation),
  });
}

/** Errors are logged with all that hangs on them, as the real logger does. */
function logOf({ who, world }: Invocation): Log {
  const line = (message: unknown, ...extra: readonly unknown[]) =>
    world.onLog(
      who,
      [message, ...extra].map((part) => (typeof part === 'string' ? part : inspect(part))).join(' '),
    );
  return { info: line, warn: line, error: line, appendKeys: () => undefined };
}
