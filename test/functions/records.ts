import type { Asset } from '../../functions/contract/asset.ts';
import type { RecordIn } from '../../functions/run/record.ts';
import { resolveParameters } from '../../functions/models/parameters.ts';
import { tripo31 } from '../../functions/models/tripo-3-1.ts';

const resolved = resolveParameters(tripo31, 'oak.png', {}, { defaults: {}, presets: {} });
if ('failure' in resolved) throw new Error(resolved.failure.reason);
export const defaultParameters = resolved.parameters;

const common = {
  schemaVersion: '1.0',
  runId: 'oak-0123456789abcdef0123456789abcdef',
  upload: {
    bucket: 'uploads',
    key: 'chairs/oak.png',
    versionId: 'v1',
    bytes: 10,
    sha256: 'ab',
    contentType: 'image/png',
  },
  modelId: tripo31.id,
  parameters: defaultParameters,
  quote: 37.5,
  sends: [{ assetId: 'asset_in', sentAt: '2026-10-05T10:00:00.000Z', sentBy: 'nonce' }],
  attempts: 0,
  writtenBy: 'nonce',
} as const;

const job = { jobId: 'job_1', submittedAt: '2026-10-05T10:00:00.000Z' } as const;
const finishedAt = '2026-10-05T10:05:00.000Z';

export const modelAsset: Asset = {
  role: 'model',
  bucket: 'assets',
  key: `models/chairs/oak.png/${common.runId}/oak.glb`,
  versionId: 'v9',
  contentType: 'model/gltf-binary',
  bytes: 100,
  sha256: 'cd',
  assetId: 'asset_out',
};

/** Records in each phase; a copy each time. */
export function claimedRecord(): RecordIn<'claimed'> {
  return { ...common, sends: [], phase: 'claimed' };
}

export function sendingRecord(): RecordIn<'sending'> {
  return { ...common, sends: [...common.sends], phase: 'sending' };
}

export function submittedRecord(): RecordIn<'submitted'> {
  return { ...common, ...job, sends: [...common.sends], phase: 'submitted' };
}

export function storedRecord(): RecordIn<'stored'> {
  return {
    ...common,
    ...job,
    sends: [...common.sends],
    phase: 'stored',
    cu: 37.5,
    jobFinishedAt: '2026-10-05T10:04:00.000Z',
    finishedAt,
    assets: [modelAsset],
  };
}

export function failedRecord(): RecordIn<'failed'> {
  const failure = { code: 'job-failed', reason: 'it broke', hint: 'again' } as const;
  return { ...common, ...job, sends: [...common.sends], phase: 'failed', finishedAt, failure };
}

export function rejectedRecord(): RecordIn<'rejected'> {
  const failure = { code: 'empty', reason: 'the file is empty' } as const;
  return { ...common, sends: [], phase: 'rejected', finishedAt, failure };
}
