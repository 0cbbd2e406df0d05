import type { EventEnvelope } from '../../../local/aws/events/envelope.ts';
import type { StandInOptionsInput } from '../../../local/scenario/moods/options.ts';
import type { History } from './history.ts';
import { type Outage, S3_REFUSALS, type WireFault } from '../world/wire-faults.ts';
import type { DeliverySeconds } from '../world/world.ts';

/** One deviation from the normal course. Two of them make a pair. */
export interface Disturbance {
  readonly name: string;
  readonly standIn?: StandInOptionsInput;
  /** A fault at the nth call whose name has this prefix. */
  readonly at?: { readonly call: string; readonly nth?: number; readonly what: WireFault };
  readonly outage?: Outage;
  readonly delivery?: (event: EventEnvelope) => DeliverySeconds | undefined;
  readonly isReceivedTwice?: boolean;
  readonly skewSeconds?: Readonly<Record<string, number>>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly changes?: History['changes'];
  readonly environment?: Readonly<Record<string, string>>;
  readonly pausedSeconds?: number;
  /** Whether the image is larger than Scenario accepts in one request. */
  readonly isLarge?: boolean;
  /** The final phase of the run if nothing else goes wrong. @default 'stored' */
  readonly phase?: 'stored' | 'failed' | 'rejected';
  /** Whether dry runs are charged, so that each one that is repeated is paid again. */
  readonly chargesQuotes?: boolean;
  /** Whether dry runs are repeated: their answers are lost, or two invocations ask at once. */
  readonly repeatsQuotes?: boolean;
  /** Whether the disturbance, together with an uncertain send, is outside the assumptions of the promise. */
  readonly hidesJobForGood?: boolean;
}

type Faults = NonNullable<StandInOptionsInput['faults']>;

function standIn(name: string, fault: Faults[number], more: Partial<Disturbance> = {}): Disturbance {
  return { name, standIn: { faults: [fault] }, ...more };
}

const HTML = { what: 'server-error', as: 'html' } as const;
const generate = 'generate';

/** What Scenario was observed to do or can be expected to do. @see the contract of the stand-in */
const PAID_CALL: readonly Disturbance[] = [
  standIn('the connection closes before the answer to the paid call', { on: generate, what: 'lost-cut' }),
  standIn('the paid call gets 502 and starts a job', { on: generate, what: 'lost-502' }),
  standIn('the paid call gets 504 and starts a job', { on: generate, what: 'lost-504' }),
  standIn('the paid call hangs and starts a job', { on: generate, what: 'lost-hang' }),
  standIn('the connection closes and the paid call starts no job', { on: generate, what: 'cut-before' }),
  standIn('the paid call hangs and starts no job', { on: generate, what: 'hang-before', seconds: 90 }),
  standIn('the paid call gets 503 in HTML', { on: generate, ...HTML }),
  standIn('the paid call gets 200 without a job', { on: generate, what: 'no-job-id' }),
  standIn('the paid call gets an invalid answer', { on: generate, what: 'garbage' }),
  standIn('the answer to the paid call is truncated', { on: generate, what: 'truncated' }),
  standIn('the ceiling is reached', { on: generate, what: 'ceiling', times: 3 }),
  standIn('the ceiling is reached, with Retry-After', {
    on: generate,
    what: 'ceiling',
    retryAfterSeconds: 30,
  }),
  standIn('a cooldown', { on: generate, what: 'cooldown' }),
  standIn('a cooldown in the details, with Retry-After', {
    on: generate,
    what: 'cooldown',
    remainingIn: 'details',
    retryAfterSeconds: 612,
  }),
  standIn('too many requests', { on: generate, what: 'too-many-requests' }),
  standIn('too many requests, with Retry-After', {
    on: generate,
    what: 'too-many-requests',
    retryAfterSeconds: 20,
  }),
  standIn('the key is refused once', { on: generate, what: 'unauthorized' }),
  standIn('the plan is too small for some time', { on: generate, what: 'plan-too-small', times: 4 }),
  standIn('the credits are used up for some time', { on: generate, what: 'out-of-credits', times: 4 }),
  standIn('the model is missing for some time', { on: generate, what: 'not-found', times: 4 }),
  standIn('the image is refused', { on: generate, what: 'bad-request' }, { phase: 'rejected' }),
  standIn('the image is unprocessable', { on: generate, what: 'unprocessable' }, { phase: 'rejected' }),
  // This refusal comes from a gateway. Only Scenario itself can reject an image.
  standIn('the body is too large', { on: generate, what: 'too-large' }),
  standIn('one send starts two jobs', { on: generate, what: 'two-jobs' }),
  {
    name: 'the connection of the paid call is refused',
    at: { call: 'POST /generate/custom/…', nth: 2, what: { what: 'refused' } },
  },
  {
    name: 'the paid call takes effect 85 s after its connection breaks',
    at: { call: 'POST /generate/custom/…', nth: 2, what: { what: 'late-effect', seconds: 85 } },
  },
  {
    name: 'the paid call takes effect and its function is killed',
    at: { call: 'POST /generate/custom/…', nth: 2, what: { what: 'crash-after' } },
  },
  {
    name: 'the paid call never returns',
    at: { call: 'POST /generate/custom/…', nth: 2, what: { what: 'hang-after' } },
  },
];

const JOB: readonly Disturbance[] = [
  standIn('an unknown status', { on: generate, what: 'unknown-status' }),
  standIn('a progress that does not change', { on: generate, what: 'progress-stuck' }),
  standIn('a progress over one', { on: generate, what: 'progress-over-one' }),
  standIn('an asset that is pending after success', { on: generate, what: 'asset-pending', seconds: 40 }),
  standIn('an asset with an error', { on: generate, what: 'asset-error' }, { phase: 'failed' }),
  standIn('a success without assets', { on: generate, what: 'no-assets' }, { phase: 'failed' }),
  standIn('a failure', { on: generate, what: 'fails' }, { phase: 'failed' }),
  standIn('a failure with some assets', { on: generate, what: 'fails', partial: true }, { phase: 'failed' }),
  standIn('a canceled job', { on: generate, what: 'canceled' }, { phase: 'failed' }),
  standIn(
    'a job that is always unknown',
    { on: generate, what: 'lost-job' },
    { phase: 'failed', hidesJobForGood: true },
  ),
  { name: 'a job that is unknown at first', standIn: { jobVisibleAfterSeconds: 60 } },
  { name: 'a job that takes longer than the deadline', standIn: { jobSeconds: 4000 }, phase: 'failed' },
  standIn('a job that cannot be read for some time', { on: 'getJob', ...HTML, times: 12 }),
  standIn('checks that hang', { on: 'getJob', what: 'lost-hang', times: 3 }),
  standIn('checks with an invalid answer', { on: 'getJob', what: 'garbage', times: 3 }),
  standIn('checks whose connection closes', { on: 'getJob', what: 'cut-before', times: 3 }),
  standIn('checks over the request limit', { on: 'getJob', what: 'too-many-requests', times: 6 }),
  standIn('checks without a valid key', { on: 'getJob', what: 'unauthorized', times: 2 }),
];

const results = (name: string, knobs: NonNullable<StandInOptionsInput['results']>): Disturbance => ({
  name,
  standIn: { results: knobs },
});

/** Results that a person could open, in ways that the documentation does not name. */
const RESULTS: readonly Disturbance[] = [
  results('results that are named five minutes late', { namedAfterSeconds: 300 }),
  results('a success in capitals', { success: 'SUCCESS' }),
  results('another word for a success', { success: 'Completed' }),
  results('files with the status 203', { status: 203 }),
  results('files with the status 206', { status: 206 }),
  results('files with the encoding aws-chunked', { encoding: 'aws-chunked' }),
  results('files with the encoding UTF-8', { encoding: 'UTF-8' }),
  results('zeros behind the files', { trailingBytes: 4 }),
  results('stated sizes that are one byte off', { sizeOff: 1 }),
  results('a firewall that wants a User-Agent', { needsUserAgent: true }),
  results('originals that lead nowhere', { brokenOriginal: true }),
  {
    name: 'an error with a signed URL',
    standIn: { results: { signedErrors: true }, faults: [{ on: generate, what: 'fails' }] },
    phase: 'failed',
  },
];

const FILES: readonly Disturbance[] = [
  standIn('a download URL that has expired', { on: 'cdn', what: 'expired' }),
  standIn('a page instead of the file', { on: 'cdn', what: 'wrong-bytes' }),
  standIn('a download that is truncated', { on: 'cdn', what: 'truncated' }),
  standIn('a download whose connection closes immediately', { on: 'cdn', what: 'cut-before' }),
  standIn('a redirect', { on: 'cdn', what: 'redirect' }),
  standIn('a redirect to another host', {
    on: 'cdn',
    what: 'redirect',
    to: 'https://elsewhere.example/file',
  }),
  standIn('an error page of the edge server', { on: 'cdn', ...HTML }),
  standIn('an asset that cannot be read', { on: 'getAsset', ...HTML, times: 4 }),
  standIn('an asset that is unknown at first', { on: 'getAsset', what: 'not-found', times: 2 }),
  { name: 'redirects everywhere', standIn: { redirectDownloads: true } },
  { name: 'octet-stream', standIn: { resultContentType: 'octet-stream' } },
  { name: 'an image before the model', standIn: { extraWebpFirst: true } },
  { name: 'FBX, because of quads', metadata: { 'tripo-quad': 'true' } },
  { name: 'download URLs that are valid for one second', standIn: { signedUrlSeconds: 1 } },
];

const BEFORE_PAYING: readonly Disturbance[] = [
  standIn('an input asset whose answer is lost', { on: 'createAsset', what: 'lost-cut' }),
  standIn('an input asset that is not created', { on: 'createAsset', ...HTML, times: 4 }),
  standIn('an input asset that is refused', { on: 'createAsset', what: 'bad-request' }, { phase: 'rejected' }),
  standIn('a quote without an answer', { on: 'dryRun', what: 'lost-cut', times: 4 }, { repeatsQuotes: true }),
  standIn('a quote with an invalid answer', { on: 'dryRun', what: 'garbage', times: 2 }, { repeatsQuotes: true }),
  { name: 'a dry run with the status 200', standIn: { dryRunStatus: 200 } },
  { name: 'a dry run with the status 402', standIn: { dryRunStatus: 402 } },
  { name: 'refusals with the field message', standIn: { errorBodyShape: 'message' } },
  { name: 'refusals with the field code', standIn: { errorBodyShape: 'code' } },
  {
    name: 'no credits for half an hour',
    standIn: { creditsLeft: 0, outOfCreditsStatus: 403 },
    changes: [{ atSeconds: 1800, standIn: { creditsLeft: null } }],
  },
];

const BRAKES: readonly Disturbance[] = [
  { name: 'a pause of ten minutes', pausedSeconds: 600 },
  { name: 'a daily limit', environment: { MAX_CU_PER_DAY: '1000' } },
  { name: 'results that are reused', environment: { ON_DUPLICATE: 'reuse' } },
];

const LARGE: readonly Disturbance[] = [
  { name: 'an image that is uploaded in parts', isLarge: true },
  standIn('a part whose URL has expired', { on: 'putPart', what: 'expired' }, { isLarge: true }),
  standIn('an import that hangs once', { on: 'completeUpload', what: 'upload-stuck' }, { isLarge: true }),
  standIn('an import that fails', { on: 'completeUpload', what: 'upload-fails' }, { isLarge: true, phase: 'rejected' }),
];

const KNOWLEDGE: readonly Disturbance[] = [
  { name: 'a list that lags by a minute', standIn: { listLagSeconds: 59 } },
  { name: 'a list without inputs', standIn: { rowsWithoutInput: true } },
  { name: "Scenario's clock five minutes ahead", standIn: { clockSkewSeconds: 299 } },
  { name: "Scenario's clock five minutes behind", standIn: { clockSkewSeconds: -299 } },
  { name: "SubmitJob's clock five minutes ahead", skewSeconds: { SubmitJob: 299 } },
  { name: "SubmitJob's clock five minutes behind", skewSeconds: { SubmitJob: -299 } },
  { name: "CheckJob's clock five minutes ahead", skewSeconds: { CheckJob: 299 } },
  { name: "CheckJob's clock five minutes behind", skewSeconds: { CheckJob: -299 } },
  { name: "Sweep's clock five minutes ahead", skewSeconds: { Sweep: 299 } },
  { name: "Sweep's clock five minutes behind", skewSeconds: { Sweep: -299 } },
];

const isUpload = ({ source }: EventEnvelope) => source === 'aws.s3';

const AWS: readonly Disturbance[] = [
  { name: 'the S3 event arrives twice', delivery: (event) => (isUpload(event) ? [1, 3] : undefined) },
  { name: 'the S3 event arrives again later', delivery: (event) => (isUpload(event) ? [1, 90] : undefined) },
  { name: 'the S3 event is ten minutes late', delivery: (event) => (isUpload(event) ? [600] : undefined) },
  { name: 'the S3 event never arrives', delivery: (event) => (isUpload(event) ? [] : undefined) },
  { name: 'status events never arrive', delivery: (event) => (isUpload(event) ? undefined : []) },
  { name: 'status events arrive twice', delivery: (event) => (isUpload(event) ? undefined : [1, 40]) },
  { name: 'status events are late', delivery: (event) => (isUpload(event) ? undefined : [900]) },
  { name: 'two invocations of one message', isReceivedTwice: true, repeatsQuotes: true },
  { name: 'S3 asks to slow down', at: { call: 'S3 PutObject runs', what: { what: 'slow-down' } } },
  { name: 'S3 reports a conflict', at: { call: 'S3 PutObject runs', nth: 2, what: { what: 'conflict' } } },
  { name: 'a claim whose answer is lost', at: { call: 'S3 PutObject runs', what: { what: 'lost-answer' } } },
  {
    name: 'a won send whose answer is lost',
    at: { call: 'S3 PutObject runs', nth: 2, what: { what: 'lost-answer' } },
  },
  {
    name: 'a won send that takes effect late',
    at: { call: 'S3 PutObject runs', nth: 2, what: { what: 'late-effect', seconds: 20 } },
  },
  {
    name: 'a won send that never returns',
    at: { call: 'S3 PutObject runs', nth: 2, what: { what: 'hang-after' } },
  },
  {
    name: 'the paid job is recorded without an answer',
    at: { call: 'S3 PutObject runs', nth: 3, what: { what: 'hang-after' } },
  },
  { name: 'the bus refuses the event', at: { call: 'EventBridge PutEvents', what: { what: 'partial' } } },
  { name: 'the bus has an internal error', at: { call: 'EventBridge PutEvents', what: { what: 'server-error' } } },
  {
    name: 'the execution starts without an answer',
    at: { call: 'StepFunctions StartExecution', what: { what: 'lost-answer' } },
  },
  {
    name: 'the secret cannot be read',
    at: { call: 'SecretsManager GetSecretValue', what: { what: 'server-error' } },
  },
  {
    name: 'SubmitJob is killed before its first call',
    at: { call: 'S3 GetObject runs', what: { what: 'crash-before' } },
  },
];

const ill = { what: 'server-error' } as const;

const always = { times: 1_000_000 } as const;

function taken(status: 400 | 402 | 403 | 404 | 422 | 429, more: object = {}): Faults[number] {
  return { on: generate, what: 'refused-but-taken', status, ...more };
}

/** Refusals of sends that start a job. A refusal alone doesn't prove that no job was started. */
const REFUSED_BUT_TAKEN: readonly Disturbance[] = [
  standIn('a ceiling refusal that starts a job', taken(429)),
  standIn('ceiling refusals that always start a job', taken(429, always)),
  standIn('no credits (402), but a job starts', taken(402)),
  standIn('no credits (402), but a job always starts', taken(402, always)),
  standIn('no credits (403), but a job starts', taken(403)),
  standIn('no credits (403), but a job always starts', taken(403, always)),
  standIn('a bad request that starts a job', taken(400)),
  standIn('bad requests that always start a job', taken(400, always)),
  standIn('an unprocessable image that starts a job', taken(422)),
  standIn('a missing model, but a job starts', taken(404)),
  standIn('a refusal of a gateway, but a job starts', taken(403, { by: 'gateway', reason: 'Forbidden' })),
  standIn(
    'refusals of a gateway, but a job always starts',
    taken(403, { by: 'gateway', reason: 'Forbidden', ...always }),
  ),
  standIn(
    'a gateway that repeats the send 85 s later',
    taken(429, { by: 'gateway', reason: 'Too Many Requests', lateSeconds: 85 }),
  ),
  standIn(
    'a bad request of a gateway that repeats the send 85 s later',
    taken(400, { by: 'gateway', reason: 'Bad Request', lateSeconds: 85 }),
  ),
  {
    name: 'a ceiling refusal that starts a job, and a list that lags by a minute',
    standIn: { listLagSeconds: 59, faults: [taken(429)] },
  },
  {
    name: 'a gateway that repeats the send 85 s later, and a list that lags by a minute',
    standIn: {
      listLagSeconds: 59,
      faults: [taken(429, { by: 'gateway', reason: 'Too Many Requests', lateSeconds: 85 })],
    },
  },
  {
    name: 'a ceiling refusal that starts a job, and a list that is empty once',
    standIn: { faults: [taken(429), { on: 'listJobs', what: 'answer', status: 200, body: '{"jobs":[]}' }] },
  },
];

const LOST = { on: generate, what: 'lost-cut' } as const;

/** Other callers have older and newer jobs in the list. */
const OTHERS = { others: 3 } as const;

/**
 * Creates a disturbance with a job list that differs from the documentation while the answer to the paid call is lost.
 */
function lostWith(name: string, knobs: StandInOptionsInput): Disturbance {
  const { list, faults = [] } = knobs;
  return {
    name: `the answer is lost, and ${name}`,
    standIn: { ...knobs, list: { ...OTHERS, ...list }, faults: [LOST, ...faults] },
  };
}

const EMPTY_LIST = { on: 'listJobs', what: 'answer', status: 200, body: '{"jobs":[]}' } as const;

const LISTS: readonly Disturbance[] = [
  lostWith('the list is oldest first', { list: { order: 'oldest' } }),
  lostWith('the list has no order', { list: { order: 'mixed' } }),
  lostWith('the oldest job stays at the top', { list: { pinsOldest: true } }),
  lostWith('the list is empty once', { faults: [EMPTY_LIST] }),
  lostWith('the list is empty twice', { faults: [{ ...EMPTY_LIST, times: 2 }] }),
  lostWith('the list is empty three times', { faults: [{ ...EMPTY_LIST, times: 3 }] }),
  lostWith('the list has null rows', { list: { rows: 'null' } }),
  lostWith('the list has unreadable rows', { list: { rows: 'unreadable' } }),
  lostWith('the list has each row twice', { list: { rows: 'twice' } }),
  lostWith('the token repeats', { list: { repeatsToken: true } }),
  lostWith("Scenario's clock is 16 minutes behind", { clockSkewSeconds: -960 }),
  lostWith("Scenario's clock is 16 minutes ahead", { clockSkewSeconds: 960 }),
  lostWith('times have no zone', { timesWithoutZone: true }),
  lostWith('the echo names a processed copy', { echo: 'copy' }),
  // Until Scenario says what the copy was made from, the run is held.
  {
    ...lostWith('the echo names an unknown copy', { echo: 'unknown-copy' }),
    changes: [{ atSeconds: 7200, standIn: { echo: 'copy' } }],
  },
  { name: 'the list has unreadable rows', standIn: { list: { rows: 'unreadable' } } },
  { name: 'input assets that are visible after 5 s', standIn: { inputVisibleAfterSeconds: 5 } },
  { name: 'input assets that are visible after 40 s', standIn: { inputVisibleAfterSeconds: 40 } },
  { name: 'a charge of twice the quote', standIn: { chargeFactor: 2 } },
  { name: 'a dry run that is charged', standIn: { dryRunPays: true }, chargesQuotes: true },
];

/** The objects that functions read and write, as prefixes of call names. */
const OWN_OBJECTS = [
  'S3 GetObject chairs',
  'S3 GetObject runs',
  'S3 GetObject results',
  'S3 HeadObject control',
  'S3 HeadObject models',
  'S3 PutObject runs',
  'S3 PutObject models',
  'S3 PutObject results',
];

/** Errors in the deployment, such as missing permissions, which are not caused by an image. */
const OWN_ENVIRONMENT: readonly Disturbance[] = OWN_OBJECTS.flatMap((of) =>
  S3_REFUSALS.map((what) => ({
    name: `${of} is refused with ${what.code} for two hours`,
    outage: { of, fromSeconds: 0, seconds: 7200, what },
  })),
);

function out(
  of: string,
  fromSeconds: number,
  seconds: number,
  what: WireFault = ill,
  more: Partial<Disturbance> = {},
): Disturbance {
  const minutes = Math.round(seconds / 60);
  return {
    name: `outage of ${of || 'everything'} (${what.what}) from ${fromSeconds} s for ${minutes} minutes`,
    outage: { of, fromSeconds, seconds, what },
    ...more,
  };
}

/** Outages that start before the upload, between the payment and the end of the job, and while the model is stored. */
const OUTAGES: readonly Disturbance[] = [
  out('S3', 0, 1200),
  out('S3', 3, 1200),
  out('S3', 60, 900),
  out('S3', 0, 600, { what: 'slow-down' }),
  out('S3', 0, 600, { what: 'hang-before' }),
  out('EventBridge', 0, 1200),
  out('EventBridge', 0, 1200, { what: 'partial' }),
  out('StepFunctions', 0, 1200),
  out('SecretsManager', 0, 1200),
  out('POST', 0, 1200, { what: 'refused' }),
  out('POST', 0, 900, { what: 'lost-request' }),
  out('GET', 0, 1200),
  out('', 0, 900),
  out('', 20, 900, { what: 'refused' }),
];

export const DISTURBANCES: readonly Disturbance[] = [
  ...PAID_CALL,
  ...JOB,
  ...FILES,
  ...BEFORE_PAYING,
  ...KNOWLEDGE,
  ...BRAKES,
  ...AWS,
  ...OUTAGES,
  ...REFUSED_BUT_TAKEN,
  ...LISTS,
  ...RESULTS,
  ...OWN_ENVIRONMENT,
];

/** These hash six megabytes or make a thousand calls, so they are not part of pairs. */
export const LARGE_DISTURBANCES: readonly Disturbance[] = [
  ...LARGE,
  standIn('checks that fail for hours', { on: 'getJob', ...HTML, times: 90 }),
];

/** Returns whether the promises hold if both disturbances happen. */
export function isWithinBounds(pair: readonly Disturbance[]): boolean {
  if (pair.some(({ chargesQuotes }) => chargesQuotes) && pair.some(makesQuotesRepeat)) return false;
  if (pair.reduce((sum, one) => sum + emptyListsIn(one), 0) > MAX_EMPTY_LISTS) return false;
  return !pair.some(({ hidesJobForGood }) => hidesJobForGood) || !pair.some(makesUncertain);
}

/** A list that is empty in four looks proves that there is no job. */
const MAX_EMPTY_LISTS = 3;

function emptyListsIn({ standIn: { faults = [] } = {} }: Disturbance): number {
  const empty = faults.filter((fault) => fault.on === 'listJobs' && JSON.stringify(fault).includes('jobs'));
  return empty.reduce((sum, fault) => sum + (fault.times ?? 1), 0);
}

/** A charged dry run is a send: a refusal of it that starts a job, like a lost answer, leaves nothing to adopt. */
function makesQuotesRepeat(disturbance: Disturbance): boolean {
  return disturbance.repeatsQuotes === true || REFUSED_BUT_TAKEN.includes(disturbance);
}

/** A job that is never listed and whose answer is lost looks the same as no job. */
function makesUncertain(disturbance: Disturbance): boolean {
  return [...PAID_CALL, ...AWS, ...OUTAGES, ...REFUSED_BUT_TAKEN, ...LISTS].includes(disturbance);
}
