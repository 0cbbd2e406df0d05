import type { InspectImage } from '../images/inspect-image.ts';
import type { Model } from '../models/model.ts';
import { DEFAULT_MODEL, MODELS, modelWithId } from '../models/registry.ts';
import { normalizeAwsErrors } from '../platform/aws-errors.ts';
import type { Clients } from '../platform/clients.ts';
import type { Clock } from '../platform/clock.ts';
import { type Env, readPositive } from '../platform/env.ts';
import { lambdaTelemetry } from '../platform/observability.ts';
import { createRuns, RUNS_ENV, type Surroundings } from '../run/runs.ts';
import { connectScenario, SCENARIO_ENV } from '../scenario/client.ts';
import { createSpendGuard } from '../spending/spend-guard.ts';
import { createGate } from './gate.ts';
import { createQuotes } from './quotes.ts';
import { readUploadSettings, UPLOAD_SETTINGS } from './upload-settings.ts';

export const SUBMIT_JOB_ENV = [
  ...SCENARIO_ENV,
  ...RUNS_ENV,
  'STATE_MACHINE_ARN',
  ...UPLOAD_SETTINGS,
  'MAX_CU_PER_DAY',
  'IGNORED',
  'UPLOADS_QUEUE_URL',
] as const;
export type SubmitJobEnv = Env<(typeof SUBMIT_JOB_ENV)[number]>;

/** Everything that an invocation needs to submit an upload. `remainingMs`: milliseconds left of the invocation. */
export type Submission = ReturnType<typeof createSubmission> & { readonly remainingMs: () => number };

/** The part of an invocation that waiting needs. */
export type Invocation = Pick<Submission, 'clock' | 'telemetry' | 'remainingMs'>;

/** @param clients `s3` reads both buckets */
export function createSubmission(
  env: SubmitJobEnv,
  clients: Clients<'s3' | 'events' | 'sfn' | 'secrets' | 'fetch'> & { readonly inspect: InspectImage },
  clock: Clock,
  { telemetry = lambdaTelemetry, models = MODELS }: Surroundings = {},
) {
  const runs = createRuns(env, clients, clock, telemetry);
  const { scenario, sharedLook } = connectScenario(env, clients, clock, runs.documents);
  return {
    runs,
    scenario,
    quotes: createQuotes(clock),
    sharedLook,
    gate: createGate(runs.documents, sharedLook, clock),
    spendGuard: createSpendGuard(runs.documents, readPositive(env, 'MAX_CU_PER_DAY')),
    s3: clients.s3,
    inspect: clients.inspect,
    sfn: normalizeAwsErrors(clients.sfn),
    stateMachineArn: env.STATE_MACHINE_ARN,
    settings: readUploadSettings(env, models),
    clock,
    telemetry,
  };
}

/** The model that a run asks for. Records of before there was a second model do not name it. */
export function modelOf(
  { modelId = DEFAULT_MODEL.id }: { readonly modelId?: string | undefined },
  { settings }: Pick<Submission, 'settings'>,
): Model {
  return modelWithId(modelId, settings.models);
}
