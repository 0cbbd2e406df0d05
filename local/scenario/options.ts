import leven from 'leven';
import * as z from 'zod';
import { FAULT_NAMES, faultSchema, OPERATIONS } from './faults.ts';

const seconds = z.number().min(0);
const cu = z.number().min(0);

/** Tripo's own list, in its credits, times 1.25: the one run that was measured (75 CU for 60 credits) fits. */
const prices = z.strictObject({
  untextured: cu.default(25),
  textured: cu.default(37.5),
  detailedTexture: cu.default(12.5),
  extremeTexture: cu.default(25),
  detailedGeometry: cu.default(25),
  quad: cu.default(6.25),
  smartLowPoly: cu.default(12.5),
  generateParts: cu.default(25),
});

/** The documented list is sorted, complete and readable. */
const list = z.strictObject({
  order: z.enum(['newest', 'oldest', 'mixed']).default('newest'),
  pinsOldest: z.boolean().default(false),
  rows: z.enum(['plain', 'twice', 'null', 'unreadable']).default('plain'),
  repeatsToken: z.boolean().default(false),
  /** Jobs of other callers, one at each full ten minutes, the last of them so many. */
  others: z.int().min(0).default(0),
});

/** Every knob of the stand-in. Time is in real seconds of the injected clock; money in compute units (CU). */
const knobs = {
  // How long things take
  jobSeconds: seconds.default(8).describe('how long a job runs; the median when jobSecondsP95 is given'),
  jobSecondsP95: seconds.optional().describe('makes durations log-normal with this 95th percentile'),
  jobSecondsByJob: z
    .array(seconds)
    .default([])
    .describe('the first, second … job since the folder was new take exactly so long; then jobSeconds counts'),
  uploadImportSeconds: seconds.default(2).describe('from completing a multipart upload to its asset (seen: 2 to 32)'),
  firstStatus: z.enum(['queued', 'pending']).default('queued').describe('the status in the answer to a submission'),

  // What is visible when
  listLagSeconds: seconds.default(0).describe('a new job is missing from the list for so long'),
  jobVisibleAfterSeconds: seconds.default(0).describe('a new job is answered 404 for so long'),
  rowsWithoutInput: z.boolean().default(false).describe('rows of the list come without metadata.input'),
  clockSkewSeconds: z.number().default(0).describe('how far the timestamps in answers run ahead'),
  timesWithoutZone: z
    .boolean()
    .default(false)
    .describe('timestamps in answers end without Z, and are UTC all the same'),
  list: list.prefault({}).describe('how the job list differs from the documented one'),
  echo: z
    .enum(['sent', 'copy', 'unknown-copy', 'copy-of-another'])
    .default('sent')
    .describe(
      'what metadata.input names: the image that was sent, or a processed copy of it that says so, is answered 404, or names another root',
    ),
  inputVisibleAfterSeconds: seconds
    .default(0)
    .describe('a new image is not found by dry runs and submissions for so long'),

  // Limits
  requestsPerWindow: z.int().min(1).default(100).describe('requests admitted to /v1 within a sliding window'),
  windowSeconds: z.number().positive().default(60).describe('the length of that window'),
  concurrencyCeiling: z.int().min(0).default(5).describe('unfinished model jobs at once'),
  cooldown: z
    .strictObject({
      runs: z.int().min(1),
      perSeconds: z.number().positive(),
      remainingSeconds: z.number().positive(),
    })
    .nullable()
    .default(null)
    .describe('so many runs within so many seconds are followed by a pause; null for none'),
  cooldownFieldIn: z.enum(['top', 'details']).default('top').describe('where remainingSeconds stands'),
  retryAfter: z.boolean().default(false).describe('429 of the request limit and of a cooldown say Retry-After'),
  bodyLimitBytes: z.int().positive().default(10_000_000).describe('longer request bodies are answered 413'),
  inlineLimitBytes: z.int().positive().default(6_000_000).describe('images of POST /assets must be smaller'),

  // Money
  prices: prices.prefault({}).describe('CU of each option, added up'),
  chargeFactor: z.number().positive().default(1).describe('what a job is charged, as a multiple of its quote'),
  creditsLeft: cu.nullable().default(null).describe('CU left from the moment this is set; null for unlimited'),
  outOfCreditsStatus: z.literal([402, 403, 429]).default(402).describe('how a lack of them is answered'),

  // What answers look like
  dryRunStatus: z.literal([269, 200, 402]).default(269).describe('the status of a dry run that went well'),
  dryRunPays: z
    .boolean()
    .default(false)
    .describe('a dry run starts a job and charges for it (never seen; the worst that a change could bring)'),
  errorBodyShape: z
    .enum(['reason', 'message', 'code'])
    .default('reason')
    .describe('{reason, trace_id}, {message}, or {status, code, message}'),
  validatorRefusesCombinations: z
    .boolean()
    .default(true)
    .describe('bad combinations and faceLimits: 400 at once, or a job that fails later'),
  acceptsDataUrls: z.boolean().default(false).describe('image may be a data URL (plausible, never tried live)'),

  // Files
  signedUrlSeconds: seconds.default(86_400).describe('how long a download URL lives (real: at least 24 h)'),
  partUrlSeconds: seconds.default(3_600).describe('how long the URL of an upload part lives'),
  redirectDownloads: z.boolean().default(false).describe('downloads answer 302 to another path first'),
  resultContentType: z
    .enum(['exact', 'octet-stream'])
    .default('exact')
    .describe('octet-stream: the CDN calls every 3D file application/octet-stream'),
  extraWebpFirst: z.boolean().default(false).describe('a picture stands before the model in assetIds'),
  gltfPadBytes: z
    .int()
    .min(0)
    .max(4_000_000_000)
    .multipleOf(4)
    .default(0)
    .describe('makes GLBs so much longer, still valid; made up while sending, stored nowhere'),
  resultModel: z
    .enum(['relief', 'triangle'])
    .default('relief')
    .describe('triangle: the same tiny GLB for all, for simulations of many jobs'),

  faults: z
    .array(faultSchema)
    .default([])
    .describe(
      `what is to go wrong, each used up in its turn: { on, what, times?, after? }; on is one of ${OPERATIONS.join(', ')}; what is one of ${FAULT_NAMES.join(', ')}`,
    ),
};

const optionsSchema = z.strictObject(knobs);

/** All knobs, with their values. */
export type StandInOptions = z.infer<typeof optionsSchema>;
/** Some knobs. */
export type StandInOptionsInput = z.input<typeof optionsSchema>;

/** What each knob does, for a page or a help text. */
export const KNOBS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(knobs).map(([name, schema]) => [name, schema.description ?? '']),
);

/** An option that does not exist or cannot have that value; the message names it and what was probably meant. */
export class BadOptionError extends Error {
  override readonly name = 'BadOptionError';
}

/**
 * Fills in the defaults.
 *
 * @throws BadOptionError
 */
export function parseOptions(input: unknown): StandInOptions {
  const parsed = optionsSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new BadOptionError(parsed.error.issues.map((issue) => sentence(issue, input)).join('; '));
}

/** Changes some knobs; null puts one back to its default (for those that may be null: to null, which is the same). */
export function patchedOptions(options: StandInOptions, patch: unknown): StandInOptions {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    throw new BadOptionError('options must be an object such as {"jobSeconds": 3}');
  }
  const merged = Object.entries({ ...options, ...patch }).filter(([, value]) => value !== null);
  return parseOptions(Object.fromEntries(merged));
}

function sentence(issue: z.core.$ZodIssue, input: unknown): string {
  const where = issue.path.length === 0 ? '' : ` in ${issue.path.join('.')}`;
  if (issue.code === 'unrecognized_keys') {
    const known = issue.path.length === 0 ? Object.keys(knobs) : NESTED_FIELDS;
    return issue.keys.map((key) => `unknown option "${key}"${where}${suggestion(key, known)}`).join('; ');
  }
  const given = valueAtPath(input, issue.path);
  const names = issue.path.at(-1) === 'what' ? FAULT_NAMES : OPERATIONS;
  const hint = issue.path[0] === 'faults' && typeof given === 'string' ? suggestion(given, names) : '';
  return `${issue.path.join('.') || 'options'}: ${JSON.stringify(given)}: ${issue.message}${hint}`;
}

const NESTED_FIELDS = [
  ...Object.keys(prices.shape),
  ...Object.keys(list.shape),
  ...new Set(faultSchema.options.flatMap((fault) => Object.keys(fault.shape))),
];

function suggestion(word: string, known: readonly string[]): string {
  const nearest = known.toSorted((a, b) => leven(word, a) - leven(word, b))[0];
  return nearest !== undefined && leven(word, nearest) <= 4 ? `: did you mean "${nearest}"?` : '';
}

function valueAtPath(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}
