import leven from 'leven';
import * as z from 'zod';
import { FAULT_NAMES, faultSchema, OPERATIONS } from './faults.ts';

const seconds = z.number().min(0);
const cu = z.number().min(0);

/** Tripo's price list in its credits, times 1.25. The factor matches the one measured run: 75 CU for 60 credits. */
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

/** Deviations of the job list. The documented list is sorted, complete, and valid. */
const list = z.strictObject({
  order: z.enum(['newest', 'oldest', 'mixed']).default('newest'),
  pinsOldest: z.boolean().default(false),
  rows: z.enum(['plain', 'twice', 'null', 'unreadable']).default('plain'),
  repeatsToken: z.boolean().default(false),
  /**
   * The number of jobs of other callers. The last one started at the latest full ten minutes, and each of the others
   * ten minutes before the next.
   */
  others: z.int().min(0).default(0),
});

/** Deviations of results. A browser or a person could use all of these files. */
const results = z.strictObject({
  /** How long after the end of a job its `assetIds` are empty. */
  namedAfterSeconds: seconds.default(0),
  /** The word for a success: the documented one, in capitals, or another one. */
  success: z.enum(['success', 'SUCCESS', 'Completed']).default('success'),
  /** The status of a whole file. */
  status: z.literal([200, 203, 206]).default(200),
  /** The Content-Encoding of a file whose bytes are as they are. */
  encoding: z.string().default(''),
  /** Zeros after the end of a file. */
  trailingBytes: z.int().min(0).max(1_000).default(0),
  /** How much larger than the file the stated size is. */
  sizeOff: z.int().default(0),
  /** Requests without a User-Agent get 403, as from a firewall. */
  needsUserAgent: z.boolean().default(false),
  /** `originalFileUrl` leads nowhere. */
  brokenOriginal: z.boolean().default(false),
  /** The error of a failed job contains a signed URL. */
  signedErrors: z.boolean().default(false),
});

/** All options of the stand-in. Times are in real seconds of the injected clock, and prices in compute units (CU). */
const knobs = {
  // Durations
  jobSeconds: seconds.default(8).describe('duration of a job; the median if jobSecondsP95 is set'),
  jobSecondsP95: seconds.optional().describe('makes the durations log-normal with this 95th percentile'),
  jobSecondsByJob: z
    .array(seconds)
    .default([])
    .describe('exact durations of the first, second, … job since the folder was new; later jobs use jobSeconds'),
  uploadImportSeconds: seconds
    .default(2)
    .describe('time from the completion of a multipart upload to its asset (observed: 2 to 32)'),
  firstStatus: z.enum(['queued', 'pending']).default('queued').describe('status in the answer to a submission'),

  // Visibility
  listLagSeconds: seconds.default(0).describe('how long a new job is missing from the list'),
  jobVisibleAfterSeconds: seconds.default(0).describe('how long requests for a new job get 404'),
  rowsWithoutInput: z.boolean().default(false).describe('rows of the list lack metadata.input'),
  clockSkewSeconds: z.number().default(0).describe('how far timestamps in answers are ahead'),
  timesWithoutZone: z.boolean().default(false).describe('timestamps in answers are in UTC but have no Z'),
  list: list.prefault({}).describe('how the job list differs from the documented one'),
  echo: z
    .enum(['sent', 'copy', 'unknown-copy', 'copy-of-another'])
    .default('sent')
    .describe(
      'the image in metadata.input: the one that was sent, or a processed copy that names it, gets 404, or names another original',
    ),
  inputVisibleAfterSeconds: seconds.default(0).describe('how long dry runs and submissions cannot find a new image'),

  // Limits
  requestsPerWindow: z.int().min(1).default(100).describe('maximum number of requests to /v1 in a sliding window'),
  windowSeconds: z.number().positive().default(60).describe('length of that window'),
  concurrencyCeiling: z.int().min(0).default(5).describe('maximum number of unfinished model jobs'),
  cooldown: z
    .strictObject({
      runs: z.int().min(1),
      perSeconds: z.number().positive(),
      remainingSeconds: z.number().positive(),
    })
    .nullable()
    .default(null)
    .describe('a pause after a number of runs within a number of seconds; null for none'),
  cooldownFieldIn: z.enum(['top', 'details']).default('top').describe('where the refusal has remainingSeconds'),
  retryAfter: z
    .boolean()
    .default(false)
    .describe('429 answers for the request limit and for a cooldown have Retry-After'),
  bodyLimitBytes: z.int().positive().default(10_000_000).describe('longer request bodies get 413'),
  inlineLimitBytes: z.int().positive().default(6_000_000).describe('images of POST /assets must be smaller'),

  // Money
  prices: prices.prefault({}).describe('CU per option; a job costs their sum'),
  chargeFactor: z.number().positive().default(1).describe('the charge for a job, as a multiple of its quote'),
  creditsLeft: cu.nullable().default(null).describe('CU that remain when this is set; null for unlimited'),
  outOfCreditsStatus: z.literal([402, 403, 429]).default(402).describe('status of the answer if too few CU remain'),

  // Answers
  modelTags: z
    .array(z.string())
    .default([])
    .describe('tags of the model record, such as deprecated:model_new for a retired model'),
  dryRunStatus: z.literal([269, 200, 402]).default(269).describe('status of a successful dry run'),
  dryRunPays: z
    .boolean()
    .default(false)
    .describe('a dry run starts a job and charges for it (never observed; the worst possible change)'),
  errorBodyShape: z
    .enum(['reason', 'message', 'code'])
    .default('reason')
    .describe('{reason, trace_id}, {message}, or {status, code, message}'),
  validatorRefusesCombinations: z
    .boolean()
    .default(true)
    .describe('invalid combinations and faceLimits: an immediate 400, or a job that fails later'),
  acceptsDataUrls: z.boolean().default(false).describe('image can be a data URL (plausible, never tested live)'),

  // Files
  results: results.prefault({}).describe('how results differ from the usual ones'),
  signedUrlSeconds: seconds.default(86_400).describe('lifetime of a download URL (real: at least 24 h)'),
  partUrlSeconds: seconds.default(3_600).describe('lifetime of the URL of an upload part'),
  redirectDownloads: z.boolean().default(false).describe('downloads first get a 302 to another path'),
  resultContentType: z
    .enum(['exact', 'octet-stream'])
    .default('exact')
    .describe('octet-stream: the CDN sends every 3D file as application/octet-stream'),
  extraWebpFirst: z.boolean().default(false).describe('assetIds has an image before the model'),
  gltfPadBytes: z
    .int()
    .min(0)
    .max(4_000_000_000)
    .multipleOf(4)
    .default(0)
    .describe('makes GLBs longer by this much, still valid; the padding is generated on download and never stored'),
  resultModel: z
    .enum(['relief', 'triangle'])
    .default('relief')
    .describe('triangle: the same tiny GLB for all jobs, for large simulations'),

  faults: z
    .array(faultSchema)
    .default([])
    .describe(
      `faults, used in order: { on, what, times?, after? }; on is one of ${OPERATIONS.join(', ')}; what is one of ${FAULT_NAMES.join(', ')}`,
    ),
};

const optionsSchema = z.strictObject(knobs);

/** All options with their values. */
export type StandInOptions = z.infer<typeof optionsSchema>;
/** A subset of the options. */
export type StandInOptionsInput = z.input<typeof optionsSchema>;

/** The description of each option, for a page or a help text. */
export const KNOBS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(knobs).map(([name, schema]) => [name, schema.description ?? '']),
);

/** An option doesn't exist or has an invalid value. The message names it and suggests a similar one. */
export class BadOptionError extends Error {
  override readonly name = 'BadOptionError';
}

/**
 * Checks the options and adds defaults.
 *
 * @throws BadOptionError
 */
export function parseOptions(input: unknown): StandInOptions {
  const parsed = optionsSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new BadOptionError(parsed.error.issues.map((issue) => sentence(issue, input)).join('; '));
}

/**
 * Changes some options. null resets an option to its default. For an option that accepts null, null is also the
 * default.
 */
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
  ...Object.keys(results.shape),
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
