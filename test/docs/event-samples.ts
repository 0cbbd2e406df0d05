import { createHash } from 'node:crypto';
import type { Asset, StoredAsset } from '../../functions/contract/asset.ts';
import { failure } from '../../functions/contract/failures.ts';
import type { FinalRecord, RecordIn } from '../../functions/run/record.ts';
import { resolveParameters } from '../../functions/models/parameters.ts';
import { tripo31 } from '../../functions/models/tripo-3-1.ts';
import { toEvent } from '../../functions/run/event.ts';
import { toManifest } from '../../functions/run/manifest.ts';
import {
  type DetailType,
  eventSource,
  type Manifest,
  type MeshdropEvent,
  type Renditions,
} from '../../functions/contract/schemas.ts';
import { toRenditionsEvent } from '../../functions/make-renditions/renditions-document.ts';
import { certify, type FileFacts } from '../../functions/renditions/certificate.ts';
import type { RenditionFile } from '../../functions/contract/renditions.ts';
import { assetFolder, manifestKey, renditionsKey } from '../../functions/run/keys.ts';
import { runIdOf } from '../../functions/run/upload.ts';

/** An event as EventBridge delivers it. */
export interface DeliveredEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': DetailType;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: object;
}

const ASSETS = 'meshdrop-assets';
const bucket = 'meshdrop-uploads';
const key = 'chairs/oak.png';
const versionId = 'L4kqtJlcpXroDTDmpUMLUo';
const runId = runIdOf({ bucket, key, versionId });

const resolved = resolveParameters(tripo31, key, { 'tripo-face-limit': '50000' }, { defaults: {}, presets: {} });
if ('failure' in resolved) throw new Error(resolved.failure.reason);

const claimed = {
  schemaVersion: '1.0',
  runId,
  upload: {
    bucket,
    key,
    versionId,
    bytes: 476_395,
    sha256: sha256Of('oak.png'),
    contentType: 'image/png',
    width: 1024,
    height: 1024,
  },
  modelId: tripo31.id,
  parameters: resolved.parameters,
  claimedAt: '2026-11-22T18:26:43.107Z',
  quote: 37.5,
  quotedAt: '2026-11-22T18:26:44.216Z',
  sends: [],
  attempts: 0,
  writtenBy: '6f1c2f0e-5f2b-4a3c-9a53-0d6a3c1f7b1e',
} as const;

const job = {
  jobId: 'job_ocZCnG1Df35XRL1QyCZSRxAG',
  submittedAt: '2026-11-22T18:26:44.460Z',
  acceptedAt: '2026-11-22T18:26:45.301Z',
} as const;

/** The fields of a model in the manifest that the event doesn't have. */
const lookedInto: Pick<StoredAsset, 'checksum' | 'facts' | 'validation'> = {
  checksum: { algorithm: 'CRC32', value: 'yZRlqg==' },
  facts: {
    triangles: 49_998,
    vertices: 31_204,
    materials: 1,
    textures: [{ contentType: 'image/png', bytes: 8_388_608, width: 4096, height: 4096 }],
    boundingBox: { min: [-0.31, 0, -0.28], max: [0.31, 0.94, 0.28] },
  },
  validation: { errors: 0, warnings: 0, messages: [] },
};

const stored: RecordIn<'stored'> = {
  ...claimed,
  ...job,
  sends: [],
  phase: 'stored',
  cu: 37.5,
  jobFinishedAt: '2026-11-22T18:29:02.470Z',
  finishedAt: '2026-11-22T18:29:11.532Z',
  assets: [
    { ...asset('model', 'oak.glb', 'model/gltf-binary', 13_960_000), ...lookedInto },
    asset('preview', 'oak.preview.webp', 'image/webp', 14_068),
  ],
};

/** More files than fit in an event. */
const manyFiles: RecordIn<'stored'> = {
  ...stored,
  assets: [
    ...stored.assets,
    ...Array.from({ length: 498 }, (_, n) =>
      asset('other', `${'a name of many words '.repeat(12)}${n + 1}.png`, 'image/png', 1_048_576),
    ),
  ],
};

const failed: RecordIn<'failed'> = {
  ...claimed,
  ...job,
  sends: [],
  phase: 'failed',
  finishedAt: '2026-11-22T18:29:04.118Z',
  failure: failure('job-failed', 'the object in the image could not be told from its background'),
};

const rejected: RecordIn<'rejected'> = {
  ...claimed,
  sends: [],
  phase: 'rejected',
  quote: 62.5,
  finishedAt: '2026-11-22T18:26:44.391Z',
  failure: failure('over-cu-limit', 'this would cost 62.5 compute units; at most 50 are allowed per image'),
};

const size = [0.62, 0.94, 0.56] as const;
const webFacts: FileFacts = {
  bytes: 1_840_212,
  triangles: 49_998,
  materials: 1,
  textures: [{ width: 2048, height: 2048 }],
  size,
  base: [0, 0, 0],
};
const arFacts: FileFacts = { ...webFacts, bytes: 4_911_040 };

const renditions: Renditions = {
  schemaVersion: '1.0',
  runId,
  finishedAt: '2026-11-22T18:29:24.806Z',
  settingsHash: sha256Of('settings'),
  source: withoutNothing(stored.assets[0]),
  placement: { sizeFrom: 'height', factor: 1, size: [...size] },
  files: [
    { ...rendition('web', 'oak.web.glb', 'model/gltf-binary', webFacts.bytes), facts: plainFacts(webFacts) },
    { ...rendition('ar', 'oak.usdz', 'model/vnd.usdz+zip', arFacts.bytes), facts: plainFacts(arFacts) },
    rendition('poster', 'oak.poster.webp', 'image/webp', 41_204),
    rendition('turntable', 'oak.turntable.webp', 'image/webp', 212_866),
  ],
  missing: [],
  certificates: [
    ...(['khronos', 'shopify', 'amazon'] as const).map((profile) => certificate(profile, 'web', webFacts)),
    certificate('ar', 'ar', arFacts),
  ],
  fidelity: { silhouette: { worst: 0.9981, mean: 0.9993 }, colorDifference: 0.41 },
  notes: [],
};

function withoutNothing(model: StoredAsset | undefined): Renditions['source'] {
  if (!model) throw new Error('the sample run has no model');
  return { key: model.key, versionId: model.versionId, sha256: model.sha256 };
}

function plainFacts(facts: FileFacts): NonNullable<Renditions['files'][number]['facts']> {
  return { ...facts, textures: [...facts.textures], size: [...facts.size], base: [...facts.base] };
}

function certificate(
  profile: Renditions['certificates'][number]['profile'],
  of: RenditionFile['role'],
  facts: FileFacts,
): Renditions['certificates'][number] {
  const { rules, ...rest } = certify(facts, profile);
  return { profile, of, ...rest, rules: [...rules] };
}

function rendition(role: RenditionFile['role'], name: string, contentType: string, bytes: number): RenditionFile {
  const { assetId: _, ...file } = asset('other', name, contentType, bytes);
  return { ...file, role };
}

/** Returns one event of each kind, keyed by file name. The code creates them from runs; nothing is written by hand. */
export function sampleEvents(): ReadonlyMap<string, DeliveredEvent> {
  return new Map([
    ['model-stored', delivered(stored)],
    ['model-stored-many-files', delivered(manyFiles)],
    ['model-failed', delivered(failed)],
    ['upload-rejected', delivered(rejected)],
    ['renditions-stored', deliveredRenditions()],
  ]);
}

export function sampleRenditions(): ReadonlyMap<string, Renditions> {
  return new Map([['renditions', renditions]]);
}

export function sampleManifests(): ReadonlyMap<string, Manifest> {
  return new Map([
    ['manifest', toManifest(stored)],
    ['manifest-failed', toManifest(failed)],
    ['manifest-rejected', toManifest(rejected)],
  ]);
}

function delivered(record: FinalRecord): DeliveredEvent {
  return envelope(toEvent(record, { bucket: ASSETS, key: manifestKey(key, runId) }), record.finishedAt);
}

function deliveredRenditions(): DeliveredEvent {
  const at = { bucket: ASSETS, key: renditionsKey(assetFolder(key, runId)) };
  const told = toEvent(stored, { bucket: ASSETS, key: manifestKey(key, runId) });
  if (told.detailType !== 'Model Stored') throw new Error('the sample run is not stored');
  return envelope(toRenditionsEvent(renditions, at, told.detail), renditions.finishedAt);
}

function envelope({ detailType, detail }: MeshdropEvent, at: string): DeliveredEvent {
  return {
    version: '0',
    id: '7bf73129-1428-4cd3-a780-95db273d1602',
    'detail-type': detailType,
    source: eventSource,
    account: '111122223333',
    time: at.replace(/\.\d+Z$/, 'Z'),
    region: 'us-east-1',
    resources: [],
    detail,
  };
}

function asset(role: Asset['role'], name: string, contentType: string, bytes: number): Asset {
  return {
    role,
    bucket: ASSETS,
    key: `${assetFolder(key, runId)}${name}`,
    versionId: sha256Of(`version of ${name}`).slice(0, 32),
    contentType,
    bytes,
    sha256: sha256Of(name),
    assetId: `asset_${sha256Of(`asset ${name}`).slice(0, 24)}`,
  };
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
