import * as fc from 'fast-check';
import type { StandInOptionsInput } from '../../../local/scenario/moods/options.ts';
import type { History, PlannedDrop } from './history.ts';
import { type FileKind, files } from '../world/images.ts';
import { isDuring, type Outage, S3_REFUSALS, WIRE_FAULTS, type WireFault } from '../world/wire-faults.ts';
import { isPossible } from '../world/wire.ts';
import type { DeliverySeconds } from '../world/world.ts';

/** A history from fast-check, as plain values, so that fast-check can shrink and print a failing one. */
export interface RandomHistory {
  readonly seed: number;
  readonly uploads: readonly RandomUpload[];
  /** Identified by the number of the call. */
  readonly calls: readonly { readonly number: number; readonly fault: WireFault }[];
  /** Identified by the number of the event, without background events. */
  readonly deliveries: readonly { readonly nth: number; readonly seconds: DeliverySeconds }[];
  /** Identified by the number of the receive. */
  readonly receivedTwice: readonly number[];
  readonly skewSeconds: Readonly<Record<string, number>>;
  readonly standIn: StandInOptionsInput;
  readonly environment: Readonly<Record<string, string>>;
  readonly pausedSeconds: number | undefined;
  readonly outages: readonly Outage[];
  readonly abortsAtSeconds: readonly number[];
  /** When credits are bought. */
  readonly creditsAfterSeconds: number;
}

interface RandomUpload {
  readonly key: string;
  readonly file: FileKind;
  readonly atSeconds: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly removedAfterSeconds: number | undefined;
}

const upload = fc.record<RandomUpload>({
  // Few keys, so that some of them get several versions.
  key: fc.constantFrom('chairs/oak.png', 'Ünï/a b+c.png', 'plain'),
  file: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom<FileKind>('png', 'jpeg', 'webp') },
    { weight: 1, arbitrary: fc.constantFrom<FileKind>('text', 'empty') },
  ),
  atSeconds: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 })),
  metadata: fc.oneof(
    { weight: 8, arbitrary: fc.constant({}) },
    {
      weight: 2,
      arbitrary: fc.constantFrom<Record<string, string>>(
        { 'tripo-quad': 'true' },
        { 'tripo-texture': 'false' },
        { 'tripo-geometry-quality': 'detailed', 'tripo-texture-quality': 'extreme-detailed' },
        { 'tripo-face-limits': '3' },
      ),
    },
  ),
  removedAfterSeconds: fc.oneof(
    { weight: 9, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 120 }) },
  ),
});

const skew = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -299, max: 299 }));

const generate = 'generate' as const;
type Fault = NonNullable<StandInOptionsInput['faults']>[number];

/**
 * Faults of the paid call and its job, without `lost-job`: together with a lost answer, it is indistinguishable from no
 * job.
 */
const PAID_FAULTS: readonly Fault[] = [
  { on: generate, what: 'lost-cut' },
  { on: generate, what: 'lost-502' },
  { on: generate, what: 'lost-504' },
  { on: generate, what: 'lost-hang' },
  { on: generate, what: 'slow', seconds: 50 },
  { on: generate, what: 'garbage' },
  { on: generate, what: 'no-job-id' },
  { on: generate, what: 'truncated' },
  { on: generate, what: 'cut-before' },
  { on: generate, what: 'hang-before', seconds: 90 },
  { on: generate, what: 'server-error', as: 'html' },
  { on: generate, what: 'ceiling' },
  { on: generate, what: 'cooldown', remainingSeconds: 200, retryAfterSeconds: 200 },
  { on: generate, what: 'too-many-requests' },
  { on: generate, what: 'unauthorized' },
  { on: generate, what: 'out-of-credits' },
  { on: generate, what: 'plan-too-small' },
  { on: generate, what: 'not-found' },
  { on: generate, what: 'bad-request' },
  { on: generate, what: 'fails' },
  { on: generate, what: 'fails', partial: true, refund: false },
  { on: generate, what: 'canceled' },
  { on: generate, what: 'two-jobs' },
  { on: generate, what: 'unknown-status' },
  { on: generate, what: 'progress-stuck' },
  { on: generate, what: 'progress-over-one' },
  { on: generate, what: 'asset-pending' },
  { on: generate, what: 'asset-error' },
  { on: generate, what: 'no-assets' },
  { on: generate, what: 'refused-but-taken', status: 429 },
  { on: generate, what: 'refused-but-taken', status: 429, times: 50 },
  { on: generate, what: 'refused-but-taken', status: 402 },
  { on: generate, what: 'refused-but-taken', status: 403, by: 'gateway', reason: 'Forbidden' },
  { on: generate, what: 'refused-but-taken', status: 400 },
  { on: generate, what: 'refused-but-taken', status: 422, times: 50 },
  { on: generate, what: 'refused-but-taken', status: 404 },
  { on: generate, what: 'refused-but-taken', status: 429, by: 'gateway', reason: 'Too Many Requests', lateSeconds: 85 },
  { on: generate, what: 'refused-but-taken', status: 400, by: 'gateway', reason: 'Bad Request', lateSeconds: 40 },
];

const anyOperation = fc.constantFrom(
  'createAsset' as const,
  'dryRun' as const,
  'getJob' as const,
  'listJobs' as const,
  'getAsset' as const,
  'cdn' as const,
);

const anyFault: fc.Arbitrary<Fault> = fc
  .tuple(
    anyOperation,
    fc.constantFrom<Record<string, unknown>>(
      { what: 'cut-before' },
      { what: 'lost-cut' },
      { what: 'hang-before', seconds: 40 },
      { what: 'lost-hang', seconds: 40 },
      { what: 'server-error', as: 'html' },
      { what: 'too-many-requests' },
      { what: 'unauthorized' },
      { what: 'not-found' },
      { what: 'garbage' },
      { what: 'truncated' },
    ),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([on, fault, times, after]) => ({ on, ...fault, times, after }) as Fault);

const paidFault = fc
  .tuple(fc.constantFrom(...PAID_FAULTS), fc.integer({ min: 0, max: 2 }))
  .map(([fault, after]) => ({ ...fault, after }));

const sometimes = <T>(value: T, other: T) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(other) }, { weight: 1, arbitrary: fc.constant(value) });

const standIn = fc.record({
  jobSeconds: fc.constantFrom(0, 40, 120, 500),
  listLagSeconds: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 59 })),
  jobVisibleAfterSeconds: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 120 })),
  rowsWithoutInput: sometimes(true, false),
  clockSkewSeconds: fc.oneof({ weight: 4, arbitrary: skew }, fc.constantFrom(-960, 960)),
  timesWithoutZone: sometimes(true, false),
  list: fc.record({
    order: fc.constantFrom('newest' as const, 'newest' as const, 'oldest' as const, 'mixed' as const),
    pinsOldest: sometimes(true, false),
    rows: fc.constantFrom('plain' as const, 'plain' as const, 'twice' as const, 'null' as const, 'unreadable' as const),
    repeatsToken: sometimes(true, false),
    others: fc.constantFrom(0, 3),
  }),
  echo: sometimes('copy' as const, 'sent' as const),
  inputVisibleAfterSeconds: sometimes(20, 0),
  chargeFactor: sometimes(1.5, 1),
  dryRunStatus: fc.constantFrom(269 as const, 200 as const, 402 as const),
  errorBodyShape: fc.constantFrom('reason' as const, 'message' as const, 'code' as const),
  retryAfter: fc.boolean(),
  concurrencyCeiling: fc.constantFrom(1, 2, 5),
  signedUrlSeconds: sometimes(1, 86_400),
  redirectDownloads: sometimes(true, false),
  extraWebpFirst: sometimes(true, false),
  resultContentType: sometimes('octet-stream' as const, 'exact' as const),
  // More than one part of a multipart upload.
  gltfPadBytes: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, fc.constant(6_000_000)),
  results: fc.record({
    namedAfterSeconds: sometimes(200, 0),
    success: fc.constantFrom('success' as const, 'success' as const, 'SUCCESS' as const, 'Completed' as const),
    status: fc.constantFrom(200 as const, 200 as const, 203 as const, 206 as const),
    encoding: fc.constantFrom('', '', '', 'aws-chunked', 'UTF-8'),
    trailingBytes: sometimes(4, 0),
    sizeOff: sometimes(1, 0),
    needsUserAgent: sometimes(true, false),
    brokenOriginal: sometimes(true, false),
    signedErrors: sometimes(true, false),
  }),
  creditsLeft: fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, fc.constantFrom(0, 50)),
  outOfCreditsStatus: fc.constantFrom(402 as const, 403 as const, 429 as const),
  faults: fc.array(fc.oneof(paidFault, anyFault), { maxLength: 4 }),
});

const outage = fc.record<Outage>({
  of: fc.constantFrom(
    'S3',
    'S3 GetObject runs',
    'S3 PutObject runs',
    'S3 HeadObject control',
    'EventBridge',
    'StepFunctions',
    'SQS',
    'SecretsManager',
    'POST',
    'GET',
    '',
  ),
  fromSeconds: fc.integer({ min: 0, max: 150 }),
  seconds: fc.integer({ min: 5, max: 900 }),
  what: fc.constantFrom<WireFault>(
    { what: 'server-error' },
    { what: 'refused' },
    { what: 'lost-request' },
    { what: 'slow-down' },
    ...S3_REFUSALS,
  ),
});

export const randomHistory: fc.Arbitrary<RandomHistory> = fc.record({
  seed: fc.nat(1_000_000),
  uploads: fc.array(upload, { minLength: 1, maxLength: 3 }),
  calls: fc.array(fc.record({ number: fc.integer({ min: 1, max: 90 }), fault: fc.constantFrom(...WIRE_FAULTS) }), {
    maxLength: 5,
  }),
  deliveries: fc.array(
    fc.record({
      nth: fc.integer({ min: 1, max: 6 }),
      seconds: fc.constantFrom<DeliverySeconds>([], [1, 1], [1, 40], [2, 400], [30], [900]),
    }),
    { maxLength: 2 },
  ),
  receivedTwice: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }),
  skewSeconds: fc.record({
    SubmitJob: skew,
    CheckJob: skew,
    StoreAssets: skew,
    ReportFailure: skew,
    Sweep: skew,
  }),
  standIn,
  environment: fc.record({
    MAX_CU_PER_DAY: sometimes('1000', 'Infinity'),
    ON_DUPLICATE: sometimes('reuse', 'regenerate'),
  }),
  pausedSeconds: sometimes<number | undefined>(200, undefined),
  outages: fc.array(outage, { maxLength: 1 }),
  abortsAtSeconds: sometimes([100], []),
  creditsAfterSeconds: fc.integer({ min: 60, max: 1200 }),
});

export function historyOf(random: RandomHistory): History {
  const { seed, uploads, calls, deliveries, receivedTwice, skewSeconds, standIn, outages } = random;
  const faults = new Map(calls.map(({ number, fault }) => [number, fault]));
  // S3 no longer lists a removed upload, so Sweep can't find it. Its remaining events can be late, but not lost.
  const isAnyRemoved = uploads.some(({ removedAfterSeconds }) => removedAfterSeconds !== undefined);
  const seconds = new Map(
    deliveries.map(({ nth, seconds }) => [nth, isAnyRemoved && seconds.length === 0 ? [900] : seconds]),
  );
  return {
    setting: {
      seed,
      skewSeconds,
      standIn,
      environment: random.environment,
      wire: (call) => {
        const fault = faults.get(call.number) ?? outages.find((outage) => isDuring(outage, call))?.what;
        return fault && isPossible(fault, call) ? fault : undefined;
      },
      delivery: (nth) => seconds.get(nth),
      receivedTwice: (nth) => receivedTwice.includes(nth),
    },
    drops: uploads.map(plannedDrop),
    pausedSeconds: random.pausedSeconds,
    abortsAtSeconds: random.abortsAtSeconds,
    changes: [{ atSeconds: random.creditsAfterSeconds, standIn: { creditsLeft: null } }],
  };
}

function plannedDrop({ file, ...upload }: RandomUpload): PlannedDrop {
  return { ...upload, bytes: files[file] };
}
