/**
 * What a consumer needs to read our events, and nothing else: it is published as `meshdrop/events`, so it imports nothing.
 * It says what events.ts says, opened for what later minor versions may add. A test holds the two together.
 */

/** The image that was dropped. */
export interface Upload {
  readonly bucket: string;
  readonly key: string;
  /** Absent where the bucket has no versioning. */
  readonly versionId?: string;
  readonly bytes?: number;
  /** Hex. */
  readonly sha256?: string;
  readonly contentType?: string;
}

/** A file of the result. Fetch this very version, and hold its SHA-256 against this one. */
export interface Asset {
  readonly role: Word<'model' | 'preview' | 'texture' | 'other'>;
  readonly bucket: string;
  readonly key: string;
  /** Absent where the bucket has no versioning. */
  readonly versionId?: string;
  readonly contentType: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** At Scenario. */
  readonly assetId: string;
}

export interface Job {
  readonly jobId: string;
  /** Compute units charged. */
  readonly cu?: number;
  readonly submittedAt?: string;
  readonly finishedAt?: string;
}

/** Why there is no model. All codes are in docs/failures.md; later ones may be new to you. */
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
    /** All that was sent; absent when they could not be resolved. */
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
      /** The same whenever the event is repeated: drop repeats by it. */
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
    /** Only when the files are too many for an event: `assets` is empty then, and the manifest has them all. */
    readonly assetCount?: number;
    /** The run that made the model of the same image; this one cost nothing. */
    readonly reusedFrom?: string;
  }
>;
export type ModelFailed = Envelope<
  'Model Failed',
  WithManifest & { readonly job?: Job; readonly failure: Failure }
>;
export type UploadRejected = Envelope<'Upload Rejected', WithManifest & { readonly failure: Failure }>;
export type MeshdropEvent = ModelStored | ModelFailed | UploadRejected;

/** The `manifest.json` beside the files: what the event has, and more, of every file and every step. */
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

/** One of these, or one that a later version knows. */
type Word<Known extends string> = Known | (string & {});

/** The message says where it differs. */
export class NotMeshdropEventError extends Error {
  override readonly name = 'NotMeshdropEventError';
  /** `unknown-…`: of a later version of Meshdrop, so this module is too old for it. */
  readonly code: 'not-ours' | 'unknown-type' | 'unknown-version' | 'malformed';

  constructor(message: string, code: NotMeshdropEventError['code'] = 'malformed') {
    super(message);
    this.code = code;
  }
}

/** Throws where a value is not what it should be. */
type Check<T> = (value: T | undefined, at: string) => void;

function check(
  what: string,
  fits: (value: unknown) => boolean,
  codeOf?: (value: unknown) => NotMeshdropEventError['code'],
) {
  return (value: unknown, at: string): void => {
    if (value === undefined) throw new NotMeshdropEventError(`${at} is missing`);
    if (!fits(value))
      throw new NotMeshdropEventError(`${at} is ${told(value)}, not ${what}`, codeOf?.(value));
  };
}

/** Short, and whatever it holds, in one line. */
function told(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value);
}

function optional<T>(checked: Check<T>): Check<T> {
  return (value, at) => value === undefined || checked(value, at);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names every field of T, so that one that is left out here is an error of the compiler. Others are let pass. */
function fields<T extends object>(checks: { readonly [K in keyof T]-?: Check<Exclude<T[K], undefined>> }) {
  const isObject = check('an object', isRecord);
  const entries = Object.entries<Check<never>>(checks);
  return (value: unknown, at: string): void => {
    isObject(value, at);
    for (const [name, checked] of entries)
      checked(Reflect.get(Object(value), name) as never, `${at}.${name}`);
  };
}

function eachOf(checked: (value: unknown, at: string) => void) {
  const isList = check('a list', Array.isArray);
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
const text = check('a text', (value) => typeof value === 'string');
const amount = check('a number from 0 on', (value) => Number.isFinite(value) && Number(value) >= 0);
const whole = (from: number) =>
  check(`a whole number from ${from} on`, (value) => Number.isInteger(value) && Number(value) >= from);
const version = check(
  '1.x',
  (value) => typeof value === 'string' && /^1\.(0|[1-9]\d*)$/.test(value),
  (value) =>
    typeof value === 'string' && /^(?!1\.)[1-9]\d*\.\d+$/.test(value) ? 'unknown-version' : 'malformed',
);
const time = check('a time in UTC, as 2026-11-22T18:26:53.532Z', isTime);
const OUTCOMES = ['stored', 'failed', 'rejected'];
const PLAIN = ['string', 'number', 'boolean'];
const settings = check(
  'an object of plain values',
  (value) => isRecord(value) && Object.values(value).every((one) => PLAIN.includes(typeof one)),
);

/** Date.parse takes the 30th of February for the second of March. */
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
});
const asset = fields<Asset>({
  role: text,
  bucket: text,
  key: text,
  versionId: optional(text),
  contentType: text,
  bytes: whole(1),
  sha256: text,
  assetId: text,
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
};

/**
 * Reads an event as EventBridge delivers it: the object, not its text, and the whole of it, not its `detail`. Fields that
 * this version does not know are let pass.
 *
 * @throws NotMeshdropEventError with the first thing that is wrong
 */
export function parse(event: unknown): MeshdropEvent {
  fields<{ source: string; 'detail-type': string }>({ source, 'detail-type': text })(event, 'event');
  const read = event as MeshdropEvent;
  const checked = Object.hasOwn(data, read['detail-type']) ? data[read['detail-type']] : undefined;
  if (!checked)
    throw new NotMeshdropEventError(
      `event.detail-type is ${told(read['detail-type'])}, none that is known here`,
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
 * Reads a manifest, as an object. Fields that this version does not know are let pass.
 *
 * @throws NotMeshdropEventError with the first thing that is wrong
 */
export function parseManifest(manifest: unknown): Manifest {
  manifestFields(manifest, 'manifest');
  return manifest as Manifest;
}

/** Of what `parse` has read. What it would refuse is answered `false` here, and so would be lost without a word. */
export const isModelStored = isA<ModelStored>('Model Stored');
/** @see isModelStored */
export const isModelFailed = isA<ModelFailed>('Model Failed');
/** @see isModelStored */
export const isUploadRejected = isA<UploadRejected>('Upload Rejected');

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
