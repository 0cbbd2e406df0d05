/**
 * Everything that a consumer needs to read our events. This file is published as `meshdrop/events`, so it imports
 * nothing. It has the same shapes as schemas.ts, but it also accepts what later minor versions may add. A test compares
 * the two.
 */

/** The uploaded image. */
export interface Upload {
  readonly bucket: string;
  readonly key: string;
  /** Absent if the bucket has no versioning. */
  readonly versionId?: string;
  readonly bytes?: number;
  /** Hex. */
  readonly sha256?: string;
  readonly contentType?: string;
  /** In pixels, as stored, before any rotation. */
  readonly width?: number;
  readonly height?: number;
  /** The upload's own metadata, as far as the deployment lets it travel. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A file of the result. Get exactly this version of the object, and compare its SHA-256 with `sha256`. */
export interface Asset {
  readonly role: Word<'model' | 'preview' | 'texture' | 'other'>;
  readonly bucket: string;
  readonly key: string;
  /** Absent if the bucket has no versioning. */
  readonly versionId?: string;
  readonly contentType: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** The ID at Scenario. */
  readonly assetId: string;
}

/** A file that was made of a model. Get exactly this version of the object, and compare its SHA-256 with `sha256`. */
export interface RenditionFile extends Omit<Asset, 'role' | 'assetId'> {
  readonly role: Word<'web' | 'plain' | 'ar' | 'poster' | 'turntable'>;
}

/** How near the smallest model is to the original. */
export interface Fidelity {
  /** The common area of both silhouettes as a share of their whole area, over twelve views. */
  readonly silhouette: { readonly worst: number; readonly mean: number };
  /** The mean difference of colors, as CIE 1976 ΔE. */
  readonly colorDifference: number;
}

export interface Job {
  readonly jobId: string;
  /** Compute units charged. */
  readonly cu?: number;
  readonly submittedAt?: string;
  readonly finishedAt?: string;
}

/** Why there is no model. docs/failures.md lists all codes. Later versions may add more. */
export interface Failure {
  readonly code: string;
  /** One plain sentence. */
  readonly reason: string;
  /** What the reader can do. */
  readonly hint?: string;
}

interface About {
  readonly upload: Upload;
  readonly model: {
    readonly id: string;
    /** All parameters that were sent. Absent if they could not be resolved. */
    readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  };
}

interface WithManifest extends About {
  readonly manifest: { readonly bucket: string; readonly key: string };
}

interface Envelope<Type extends string, Data> {
  readonly source: 'meshdrop';
  readonly 'detail-type': Type;
  readonly detail: {
    readonly metadata: {
      readonly schemaVersion: string;
      /** Stays the same if the event is repeated. Use it to drop duplicates. */
      readonly eventId: string;
      readonly occurredAt: string;
      readonly runId: string;
    };
    readonly data: Data;
  };
}

export type ModelStored = Envelope<
  'Model Stored',
  WithManifest & {
    readonly job: Job;
    readonly assets: readonly Asset[];
    /** Present if there are too many files for an event: `assets` is then empty, and the manifest lists all files. */
    readonly assetCount?: number;
    /** The earlier run that made the model of the same image. This run cost nothing. */
    readonly reusedFrom?: string;
  }
>;
export type ModelFailed = Envelope<'Model Failed', WithManifest & { readonly job?: Job; readonly failure: Failure }>;
export type UploadRejected = Envelope<'Upload Rejected', WithManifest & { readonly failure: Failure }>;
export type RenditionsStored = Envelope<
  'Renditions Stored',
  WithManifest & {
    /** The model that the files were made of. */
    readonly source: { readonly key: string; readonly versionId?: string; readonly sha256: string };
    readonly files: readonly RenditionFile[];
    /** By channel: whether the file for it keeps the rules. */
    readonly certificates: Readonly<Partial<Record<'khronos' | 'shopify' | 'amazon' | 'ar', 'pass' | 'fail'>>>;
    readonly fidelity?: Fidelity;
    /** Where `renditions.json` is. It has every rule, and the reason for every file that is missing. */
    readonly renditions: { readonly bucket: string; readonly key: string };
  }
>;
export type MeshdropEvent = ModelStored | ModelFailed | UploadRejected | RenditionsStored;

/** The `manifest.json` beside the files: the data of the event, and more about every file and every step. */
export interface Manifest extends About {
  readonly schemaVersion: string;
  readonly status: 'stored' | 'failed' | 'rejected';
  readonly runId: string;
  readonly finishedAt: string;
  readonly failure?: Failure;
  readonly job?: Job;
  readonly reusedFrom?: string;
  readonly assets: readonly Asset[];
}

/** One of the known words, or one that a later version adds. */
type Word<Known extends string> = Known | (string & {});

/** The value isn't an event or manifest of Meshdrop. The message names the first difference. */
export class NotMeshdropEventError extends Error {
  override readonly name = 'NotMeshdropEventError';
  /** `unknown-type` and `unknown-version` mean that a later version of Meshdrop wrote it and this module is too old. */
  readonly code: 'not-ours' | 'unknown-type' | 'unknown-version' | 'malformed';

  constructor(message: string, code: NotMeshdropEventError['code'] = 'malformed') {
    super(message);
    this.code = code;
  }
}

/** Throws if the value isn't valid. `at` is its path, for the message. */
type Check<T> = (value: T | undefined, at: string) => void;

function check(
  what: string,
  fits: (value: unknown) => boolean,
  codeOf?: (value: unknown) => NotMeshdropEventError['code'],
) {
  return (value: unknown, at: string): void => {
    if (value === undefined) throw new NotMeshdropEventError(`${at} is missing`);
    if (!fits(value)) throw new NotMeshdropEventError(`${at} is ${describeValue(value)}, not ${what}`, codeOf?.(value));
  };
}

/** Describes a value in one short line. */
function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value);
}

function optional<T>(checked: Check<T>): Check<T> {
  return (value, at) => value === undefined || checked(value, at);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Takes a check for every field of T: a missing one is a compile error. Unknown fields pass. */
function fields<T extends object>(checks: { readonly [K in keyof T]-?: Check<Exclude<T[K], undefined>> }) {
  const isObject = check('an object', isRecord);
  const entries = Object.entries<Check<never>>(checks);
  return (value: unknown, at: string): void => {
    isObject(value, at);
    for (const [name, checked] of entries) checked(Reflect.get(Object(value), name) as never, `${at}.${name}`);
  };
}

function eachOf(checked: (value: unknown, at: string) => void) {
  const isList = check('an array', Array.isArray);
  return (value: unknown, at: string): void => {
    isList(value, at);
    for (const [n, item] of (value as readonly unknown[]).entries()) checked(item, `${at}[${n}]`);
  };
}

const source = check(
  '"meshdrop"',
  (value) => value === 'meshdrop',
  () => 'not-ours',
);
const text = check('a string', (value) => typeof value === 'string');
const amount = check('a number of at least 0', (value) => Number.isFinite(value) && Number(value) >= 0);
const whole = (from: number) =>
  check(`a whole number of at least ${from}`, (value) => Number.isInteger(value) && Number(value) >= from);
const version = check(
  '1.x',
  (value) => typeof value === 'string' && /^1\.(0|[1-9]\d*)$/.test(value),
  (value) => (typeof value === 'string' && /^(?!1\.)[1-9]\d*\.\d+$/.test(value) ? 'unknown-version' : 'malformed'),
);
const time = check('a time in UTC, such as 2026-11-22T18:26:53.532Z', isTime);
const OUTCOMES = ['stored', 'failed', 'rejected'];
const result = check('pass or fail', (value) => value === 'pass' || value === 'fail');
const PLAIN = ['string', 'number', 'boolean'];
const settings = check(
  'an object of plain values',
  (value) => isRecord(value) && Object.values(value).every((one) => PLAIN.includes(typeof one)),
);

const texts = check(
  'an object of strings',
  (value) => isRecord(value) && Object.values(value).every((one) => typeof one === 'string'),
);
/** Date.parse reads 30 February as 2 March. */
function isTime(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value)) return false;
  const time = Date.parse(value);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === value.slice(0, 10);
}

const upload = fields<Upload>({
  bucket: text,
  key: text,
  versionId: optional(text),
  bytes: optional(whole(0)),
  sha256: optional(text),
  contentType: optional(text),
  width: optional(whole(1)),
  height: optional(whole(1)),
  metadata: optional(texts),
});
const file = {
  role: text,
  bucket: text,
  key: text,
  versionId: optional(text),
  contentType: text,
  bytes: whole(1),
  sha256: text,
};
const asset = fields<Asset>({ ...file, assetId: text });
const renditionFile = fields<RenditionFile>(file);
const fidelity = fields<Fidelity>({
  silhouette: fields<Fidelity['silhouette']>({ worst: amount, mean: amount }),
  colorDifference: amount,
});
const job = fields<Job>({
  jobId: text,
  cu: optional(amount),
  submittedAt: optional(time),
  finishedAt: optional(time),
});
const failure = fields<Failure>({ code: text, reason: text, hint: optional(text) });
const about = {
  upload,
  model: fields<About['model']>({ id: text, parameters: optional(settings) }),
};
const withManifest = {
  ...about,
  manifest: fields<WithManifest['manifest']>({ bucket: text, key: text }),
};
const metadata = fields<MeshdropEvent['detail']['metadata']>({
  schemaVersion: version,
  eventId: text,
  occurredAt: time,
  runId: text,
});

type DataOf<Event extends MeshdropEvent> = Event['detail']['data'];

const data: Readonly<Record<string, (value: unknown, at: string) => void>> = {
  'Model Stored': fields<DataOf<ModelStored>>({
    ...withManifest,
    job,
    assets: eachOf(asset),
    assetCount: optional(whole(1)),
    reusedFrom: optional(text),
  }),
  'Model Failed': fields<DataOf<ModelFailed>>({ ...withManifest, job: optional(job), failure }),
  'Upload Rejected': fields<DataOf<UploadRejected>>({ ...withManifest, failure }),
  'Renditions Stored': fields<DataOf<RenditionsStored>>({
    ...withManifest,
    source: fields<DataOf<RenditionsStored>['source']>({ key: text, versionId: optional(text), sha256: text }),
    files: eachOf(renditionFile),
    certificates: fields<DataOf<RenditionsStored>['certificates']>({
      khronos: optional(result),
      shopify: optional(result),
      amazon: optional(result),
      ar: optional(result),
    }),
    fidelity: optional(fidelity),
    renditions: fields<DataOf<RenditionsStored>['renditions']>({ bucket: text, key: text }),
  }),
};

/**
 * Reads an event as EventBridge delivers it: the whole object, not its JSON text and not only its `detail`. Unknown
 * fields pass.
 *
 * @throws NotMeshdropEventError naming the first problem
 */
export function parse(event: unknown): MeshdropEvent {
  fields<{ source: string; 'detail-type': string }>({ source, 'detail-type': text })(event, 'event');
  const read = event as MeshdropEvent;
  const checked = Object.hasOwn(data, read['detail-type']) ? data[read['detail-type']] : undefined;
  if (!checked)
    throw new NotMeshdropEventError(
      `event.detail-type is ${describeValue(read['detail-type'])}, which this version does not know`,
      'unknown-type',
    );
  fields<MeshdropEvent['detail']>({ metadata, data: checked })(read.detail, 'event.detail');
  return read;
}

const manifestFields = fields<Manifest>({
  schemaVersion: version,
  status: check('stored, failed or rejected', (value) => OUTCOMES.includes(value as string)),
  runId: text,
  finishedAt: time,
  ...about,
  failure: optional(failure),
  job: optional(job),
  reusedFrom: optional(text),
  assets: eachOf(asset),
});

/**
 * Reads a manifest from an object. Unknown fields pass.
 *
 * @throws NotMeshdropEventError naming the first problem
 */
export function parseManifest(manifest: unknown): Manifest {
  manifestFields(manifest, 'manifest');
  return manifest as Manifest;
}

/** For events that `parse` has read. Returns false for everything that `parse` rejects; only `parse` says why. */
export const isModelStored = isA<ModelStored>('Model Stored');
/** @see isModelStored */
export const isModelFailed = isA<ModelFailed>('Model Failed');
/** @see isModelStored */
export const isUploadRejected = isA<UploadRejected>('Upload Rejected');
/** @see isModelStored */
export const isRenditionsStored = isA<RenditionsStored>('Renditions Stored');

function isA<Event extends MeshdropEvent>(detailType: Event['detail-type']) {
  return (event: unknown): event is Event => {
    try {
      return parse(event)['detail-type'] === detailType;
    } catch (error) {
      if (error instanceof NotMeshdropEventError) return false;
      throw error;
    }
  };
}
