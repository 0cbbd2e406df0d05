import { createHash } from 'node:crypto';
import type { Asset } from '../../../functions/contract/asset.ts';
import { chargeOf, isFinal, recordSchema, type RunRecord } from '../../../functions/run/record.ts';
import { DETAIL_TYPES } from '../../../functions/run/event.ts';
import type * as z from 'zod';
import {
  type DetailType,
  eventSchemas,
  type Manifest,
  manifestSchema,
  type Renditions,
  renditionsSchema,
} from '../../../functions/contract/schemas.ts';
import { mayFollow, type Phase } from '../../../functions/run/lifecycle.ts';
import type { EventEnvelope } from '../../../local/aws/events/envelope.ts';

/** An event occurred that must never occur. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

interface StoredAsset extends Pick<Asset, 'bucket' | 'key' | 'sha256' | 'bytes'> {
  readonly versionId?: string | undefined;
}

export interface InvariantTools {
  /** Returns the bytes of a version, or undefined if it doesn't exist. */
  readonly bytesOf: (asset: StoredAsset) => Uint8Array | undefined;
  readonly secrets: readonly string[];
  /** Whether each send must be in a day's ledger. */
  readonly hasLedger: boolean;
}

/** Receives everything that happens. Records what must stay true, and which promises were broken. */
export interface Invariants {
  readonly violations: readonly string[];
  /** Called when a document in the asset bucket has become durable. */
  onDocument(key: string, text: string): void;
  onEvent(event: EventEnvelope): void;
  /** Called when a paid job of this run has begun, with the input asset that the request names. */
  onPaid(runId: string, assetId: string | undefined): void;
  /** Called when something could not be read or saved. */
  onTrouble(what: string, error: unknown): void;
  /** Called with each text that others can read: log lines, messages, inputs, and outputs. */
  onText(where: string, text: string): void;
  /** Takes over a record that a test is about to write, not a function. */
  believe(text: string): void;
  readonly records: ReadonlyMap<string, RunRecord>;
  readonly manifests: ReadonlyMap<string, Manifest>;
  /** The announced detail-types, keyed by run. */
  readonly announced: ReadonlyMap<string, ReadonlySet<string>>;
  readonly payments: ReadonlyMap<string, number>;
  /** The day's ledgers, keyed by object. */
  readonly ledgers: ReadonlyMap<string, DayLedger>;
}

interface DayLedger {
  readonly settled: number;
  readonly open: Readonly<Record<string, number>>;
}

/**
 * In these phases, a record can change only in its marks: that the result is announced, that Sweep has checked it, and
 * which files of a failed job were kept, and what it was charged.
 */
const MARKED_ONLY: readonly Phase[] = ['sending', 'submitted', 'stored', 'failed', 'rejected'];

function withoutMarks(record: RunRecord): object {
  const { writtenBy: _, announced: __, ...rest } = { announced: undefined, ...record };
  if (rest.phase !== 'submitted') return rest;
  const { assets: _a, missing: _m, cu: _c, jobFinishedAt: _j, looksForModel: _l, ...paid } = rest;
  return paid;
}

/**
 * The allowed manifests at the time of each event. A failure can be announced after the manifest has changed to stored.
 */
const MANIFESTS_OF: Readonly<Record<DetailType, readonly Manifest['status'][]>> = {
  'Model Stored': ['stored'],
  'Model Failed': ['failed', 'stored'],
  'Upload Rejected': ['rejected'],
  'Renditions Stored': ['stored'],
};

type RenditionsData = z.infer<(typeof eventSchemas)['Renditions Stored']>['data'];

/** These parameters mark a signed URL, which gives anyone access to a file. */
const SIGNED = /\b(?:Signature|Policy|Key-Pair-Id|X-Amz-Signature)=(?!…)|SECRET-/;

export function createInvariants({ bytesOf, secrets, hasLedger }: InvariantTools): Invariants {
  const violations: string[] = [];
  const records = new Map<string, RunRecord>();
  const manifests = new Map<string, Manifest>();
  const renditions = new Map<string, Renditions>();
  const announced = new Map<string, Set<string>>();
  const events = new Map<string, string>();
  const payments = new Map<string, number>();
  const ledgers = new Map<string, DayLedger>();
  const hashes = new Map<string, string>();
  const broken = (what: string) => void violations.push(what);

  function requireFiles(assets: readonly Omit<Asset, 'role' | 'assetId'>[], who: string): void {
    for (const asset of assets) {
      const bytes = bytesOf(asset);
      const name = `${asset.key} ${asset.versionId}`;
      const hash = bytes && (hashes.get(name) ?? createHash('sha256').update(bytes).digest('hex'));
      if (hash !== undefined) hashes.set(name, hash);
      if (hash !== asset.sha256 || bytes?.byteLength !== asset.bytes)
        broken(`${who} lists ${asset.key}, but the bucket has ${bytes ? 'a different file' : 'no such file'}`);
      if (bytes && asset.key.endsWith('.glb') && !isWholeGlb(Buffer.from(bytes)))
        broken(`${who} lists ${asset.key}, which is truncated`);
    }
  }

  /** Renditions are announced after their document, and the document is written after the files. */
  function requireRenditions({ files, renditions: { key } }: RenditionsData, runId: string): void {
    requireFiles(files, `"Renditions Stored" of ${runId}`);
    const listed = renditions.get(key)?.files.map(({ facts: _, ...file }) => file);
    if (JSON.stringify(listed) !== JSON.stringify(files))
      broken(`"Renditions Stored" of ${runId} is announced, but ${key} ${listed ? 'lists other files' : 'is missing'}`);
  }

  /** A record of a send or of a result must not change. */
  function requireOnlyMarked(before: RunRecord, record: RunRecord): void {
    if (JSON.stringify(withoutMarks(before)) !== JSON.stringify(withoutMarks(record)))
      broken(`the record of ${record.runId} changes in the phase ${record.phase}`);
  }

  /** A run without its own job can be stored only with the model of another run. */
  function requireReuse(before: RunRecord | undefined, record: RunRecord): void {
    if (before?.phase !== 'stored' && !('reusedFrom' in record))
      broken(`the record of ${record.runId} is stored, but the run neither paid for a job nor reused one`);
  }

  function believe(text: string): void {
    const record = recordSchema.parse(JSON.parse(text));
    records.set(record.runId, record);
  }

  function onRecord(text: string): void {
    const record = recordSchema.parse(withoutTomorrow(text));
    const { runId, phase } = record;
    const before = records.get(runId);
    if (before?.phase === phase && MARKED_ONLY.includes(phase)) requireOnlyMarked(before, record);
    else if (!mayFollow(before?.phase ?? 'none', phase))
      broken(`the record of ${runId} changes from ${before?.phase ?? 'none'} to ${phase}`);
    if (before && 'jobId' in before && before.jobId !== undefined && Reflect.get(record, 'jobId') !== before.jobId)
      broken(`the record of ${runId} loses its job ID ${before.jobId}`);
    if (phase === 'stored' && before?.phase !== 'submitted' && before?.phase !== 'failed') requireReuse(before, record);
    if (phase === 'stored' || phase === 'failed') requireFiles(record.assets ?? [], `the record of ${runId}`);
    if (isFinal(record) && record.announced && !announced.get(runId)?.has(DETAIL_TYPES[record.phase]))
      broken(`the record of ${runId} says that its result is announced, but no event was sent`);
    records.set(runId, record);
  }

  function onManifest(key: string, text: string): void {
    const manifest = manifestSchema.parse(JSON.parse(text));
    const { runId, status } = manifest;
    const record = records.get(runId);
    if (record?.phase !== status && !(record?.phase === 'stored' && status === 'failed'))
      broken(`the manifest of ${runId} is ${status}, but its record is ${record?.phase ?? 'missing'}`);
    const before = manifests.get(key);
    if (before && before.status !== status && !(before.status === 'failed' && status === 'stored'))
      broken(`the manifest of ${runId} changes from ${before.status} to ${status}`);
    requireFiles(manifest.assets, `the manifest of ${runId}`);
    manifests.set(key, manifest);
  }

  function onDocument(key: string, text: string): void {
    onText(key, text);
    if (key.startsWith('control/ledger/')) ledgers.set(key, JSON.parse(text) as DayLedger);
    if (key.startsWith('runs/')) onRecord(text);
    if (key.endsWith('/manifest.json')) onManifest(key, text);
    if (key.endsWith('/renditions.json')) renditions.set(key, renditionsSchema.parse(JSON.parse(text)));
  }

  function onEvent(event: EventEnvelope): void {
    const { source, 'detail-type': detailType, detail } = event;
    onText(`the event ${detailType}`, JSON.stringify(event));
    if (source !== 'meshdrop') return;
    const text = JSON.stringify(detail);
    const schema = eventSchemas[detailType as DetailType];
    const { metadata, data } = schema.parse(detail);
    const { runId, eventId } = metadata;
    const manifest = manifests.get(data.manifest.key);
    if (!manifest || !MANIFESTS_OF[detailType as DetailType].includes(manifest.status))
      broken(`"${detailType}" of ${runId} is announced, but its manifest is ${manifest?.status ?? 'missing'}`);
    if ('assets' in data) requireFiles(data.assets, `"${detailType}" of ${runId}`);
    if ('files' in data) requireRenditions(data, runId);
    const standing = events.get(eventId);
    if (standing !== undefined && standing !== text)
      broken(`two different events have the ID ${eventId} (${detailType} of ${runId})`);
    const types = announced.get(runId) ?? new Set();
    if (standing === undefined && types.has(detailType))
      broken(`"${detailType}" of ${runId} is announced with another event ID`);
    events.set(eventId, text);
    announced.set(runId, types.add(detailType));
  }

  function onPaid(runId: string, assetId: string | undefined): void {
    const paid = (payments.get(runId) ?? 0) + 1;
    payments.set(runId, paid);
    if (paid > 1) broken(`${runId} is paid ${paid} times`);
    const record = records.get(runId);
    const phase = record?.phase ?? 'nothing';
    const mayBegin = phase === 'sending' || phase === 'claimed';
    if (!mayBegin) broken(`${runId} is paid while its record is ${phase}`);
    if (assetId !== undefined && !record?.sends.some((send) => send.assetId === assetId))
      broken(`${runId} is paid with the asset ${assetId}, which its record does not list`);
    if (hasLedger && assetId !== undefined && ![...ledgers.values()].some(({ open }) => assetId in open))
      broken(`${runId} is paid with the asset ${assetId}, which no ledger lists`);
    if (record) requireOnePayment(record);
  }

  /** A picture is paid again only if its first job was refunded. */
  function requireOnePayment(record: RunRecord): void {
    const picture = pictureIn(record);
    for (const other of records.values()) {
      const isPaid = other.runId !== record.runId && payments.has(other.runId) && pictureIn(other) === picture;
      if (picture !== undefined && isPaid && !(other.phase === 'failed' && chargeOf(other) === 0))
        broken(`the picture of ${record.runId} is already paid by ${other.runId}`);
    }
  }

  function onText(where: string, text: string): void {
    const secret = secrets.find((secret) => text.includes(secret));
    if (secret !== undefined) broken(`${where} contains a secret`);
    if (SIGNED.test(text)) broken(`${where} contains a signed URL: ${text.slice(0, 500)}`);
  }

  const onTrouble = (what: string, error: unknown) => broken(`${what}: ${String(error)}`);

  return {
    violations,
    onDocument,
    onEvent,
    onPaid,
    onTrouble,
    onText,
    believe,
    records,
    manifests,
    announced,
    payments,
    ledgers,
  };
}

/** What two uploads share if they share one payment. Undefined if the upload asks for a model of its own. */
function pictureIn({ onDuplicate, upload, modelId, parameters }: RunRecord): string | undefined {
  return onDuplicate === 'reuse' ? JSON.stringify([upload.sha256, modelId, parameters]) : undefined;
}

/** Compares the length in the header with the actual length. */
function isWholeGlb(bytes: Buffer): boolean {
  return bytes.byteLength >= 12 && bytes.readUInt32LE(8) <= bytes.byteLength;
}

/** Without what a made-up later version has added. `upgrade.test.ts` plays it. */
function withoutTomorrow(text: string): unknown {
  const { fieldOfTomorrow, ...document } = JSON.parse(text) as Record<string, unknown>;
  return fieldOfTomorrow === undefined ? document : { ...document, schemaVersion: '1.0' };
}
