import * as z from 'zod';

/** The operations of the API. A fault names one of them. */
export const OPERATIONS = [
  'createAsset',
  'createUpload',
  'putPart',
  'completeUpload',
  'getUpload',
  'dryRun',
  'generate',
  'getJob',
  'listJobs',
  'jobAction',
  'getAsset',
  'bulkAssets',
  'downloadAsset',
  'deleteAssets',
  'getModel',
  'cdn',
  'thumbnail',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * Fields of every fault: the operation, the number of requests that fail (`times`), and the number that succeed before
 * that (`after`).
 */
const common = {
  on: z.enum(OPERATIONS),
  times: z.int().min(1).default(1),
  after: z.int().min(0).default(0),
};
const onGenerate = { ...common, on: z.literal('generate') };
const onUpload = { ...common, on: z.literal('completeUpload') };
const onFile = { ...common, on: z.literal('cdn') };
const seconds = z.number().min(0);
const retryAfterSeconds = z.number().min(0).optional();

/** These faults replace the operation: nothing happens, and nothing is charged. */
const before = [
  z.strictObject({ ...common, what: z.literal('cut-before') }),
  z.strictObject({ ...common, what: z.literal('hang-before'), seconds }),
  z.strictObject({
    ...common,
    what: z.literal('ceiling'),
    actionLimit: z.int().default(5),
    retryAfterSeconds,
  }),
  z.strictObject({
    ...common,
    what: z.literal('cooldown'),
    remainingSeconds: z.number().default(612),
    remainingIn: z.enum(['top', 'details']).default('top'),
    retryAfterSeconds,
  }),
  z.strictObject({ ...common, what: z.literal('too-many-requests'), retryAfterSeconds }),
  z.strictObject({
    ...common,
    what: z.literal('server-error'),
    status: z.int().min(500).max(599).default(503),
    as: z.enum(['json', 'html']).default('json'),
  }),
  z.strictObject({ ...common, what: z.literal('unauthorized') }),
  z.strictObject({ ...common, what: z.literal('out-of-credits') }),
  z.strictObject({ ...common, what: z.literal('plan-too-small') }),
  z.strictObject({
    ...common,
    what: z.literal('bad-request'),
    reason: z.string().default('Invalid request'),
  }),
  z.strictObject({ ...common, what: z.literal('unprocessable') }),
  z.strictObject({ ...common, what: z.literal('too-large') }),
  z.strictObject({ ...common, what: z.literal('not-found') }),
  /** The signed URL of a file or of an upload part has expired. */
  z.strictObject({ ...common, on: z.enum(['cdn', 'putPart']), what: z.literal('expired') }),
  /** An HTML page instead of the file. */
  z.strictObject({ ...onFile, what: z.literal('wrong-bytes') }),
  /** Without `to`, redirects to the same file at another path. */
  z.strictObject({ ...onFile, what: z.literal('redirect'), to: z.string().optional() }),
  /** Any other response, verbatim. */
  z.strictObject({
    ...common,
    what: z.literal('answer'),
    status: z.int().min(200).max(599),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.string().default(''),
  }),
] as const;

/** These faults change only the answer. The operation takes place, so a job starts and is charged. */
const after = [
  z.strictObject({ ...common, what: z.literal('lost-cut') }),
  z.strictObject({ ...common, what: z.literal('lost-502') }),
  z.strictObject({ ...common, what: z.literal('lost-504') }),
  z.strictObject({ ...common, what: z.literal('lost-hang'), seconds: seconds.default(60) }),
  /** A correct answer after a delay. */
  z.strictObject({ ...common, what: z.literal('slow'), seconds }),
  z.strictObject({ ...common, what: z.literal('garbage') }),
  z.strictObject({ ...onGenerate, what: z.literal('no-job-id') }),
  /** Announces the full length, then breaks off halfway or after `atByte` bytes. */
  z.strictObject({ ...common, what: z.literal('truncated'), atByte: z.int().min(0).optional() }),
] as const;

/** These faults affect the job that the submission starts. */
const ofJob = [
  z.strictObject({
    ...onGenerate,
    what: z.literal('fails'),
    error: z.string().default('Internal error from the provider'),
    hint: z.string().optional().default('Try again, or use another input image.'),
    /** The failed job has some of its assets. */
    partial: z.boolean().default(false),
    refund: z.boolean().default(true),
  }),
  z.strictObject({ ...onGenerate, what: z.literal('canceled') }),
  z.strictObject({ ...onGenerate, what: z.literal('two-jobs') }),
  /**
   * The job runs and is charged, but the answer is a refusal. With `lateSeconds`, a gateway sends the request again
   * after this time.
   */
  z.strictObject({
    ...onGenerate,
    what: z.literal('refused-but-taken'),
    status: z.literal([400, 402, 403, 404, 422, 429]).default(429),
    reason: z.string().optional(),
    /** `gateway`: the refusal has the format of a gateway. */
    by: z.enum(['scenario', 'gateway']).default('scenario'),
    lateSeconds: seconds.default(0),
  }),
  z.strictObject({
    ...onGenerate,
    what: z.literal('unknown-status'),
    word: z.string().default('post-processing'),
  }),
  z.strictObject({ ...onGenerate, what: z.literal('progress-stuck') }),
  z.strictObject({ ...onGenerate, what: z.literal('progress-over-one') }),
  z.strictObject({ ...onGenerate, what: z.literal('asset-pending'), seconds: seconds.default(5) }),
  z.strictObject({ ...onGenerate, what: z.literal('asset-error') }),
  z.strictObject({ ...onGenerate, what: z.literal('no-assets') }),
  /** The job runs and is charged, but every request for it gets 404. */
  z.strictObject({ ...onGenerate, what: z.literal('lost-job') }),
] as const;

const ofUpload = [
  z.strictObject({ ...onUpload, what: z.literal('upload-stuck') }),
  z.strictObject({
    ...onUpload,
    what: z.literal('upload-fails'),
    errorMessage: z.string().default('The file could not be processed'),
  }),
] as const;

const stages = { before, after, job: ofJob, upload: ofUpload };

/** Checks a fault. @see {@link faultSchema} for what each of them does */
export const faultSchema = z.discriminatedUnion('what', [...before, ...after, ...ofJob, ...ofUpload]);
export type Fault = z.infer<typeof faultSchema>;
type Stage = keyof typeof stages;
/** A fault of one stage. */
export type FaultOf<S extends Stage> = z.infer<(typeof stages)[S][number]>;

/** The names of all faults, for suggestions in error messages. */
export const FAULT_NAMES: readonly string[] = Object.values(stages)
  .flat()
  .map((schema) => schema.shape.what.value);

/** Assigns each fault, in order, to a matching request. */
export interface FaultScript {
  take<S extends Stage>(stage: S, operation: Operation): FaultOf<S> | undefined;
}

/** Creates a script of faults. Its counts restart when the faults are set, and are lost at a restart. */
export function createFaultScript(faults: readonly Fault[]): FaultScript {
  const left = faults.map((fault) => ({ fault, times: fault.times, after: fault.after }));
  const stageOf = (fault: Fault) =>
    Object.entries(stages).find(([, schemas]) => schemas.some((schema) => schema.shape.what.value === fault.what))?.[0];
  return {
    take<S extends Stage>(stage: S, operation: Operation) {
      const next = left.find(({ fault, times }) => times > 0 && fault.on === operation && stageOf(fault) === stage);
      if (next === undefined) return undefined;
      if (next.after > 0) {
        next.after -= 1;
        return undefined;
      }
      next.times -= 1;
      // The search above has checked the stage.
      return next.fault as FaultOf<S>;
    },
  };
}
