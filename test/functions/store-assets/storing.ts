import { createHash } from 'node:crypto';
import type { Context } from 'aws-lambda';
import type { Clock } from '../../../functions/platform/clock.ts';
import { createJsonStore } from '../../../functions/platform/json-store.ts';
import { createRecordStore, type RecordIn, type RunRecord } from '../../../functions/run/record.ts';
import { httpGet } from '../../../functions/store-assets/http-get.ts';
import {
  createStoreAssets,
  type StoreAssetsClients,
  type StoreAssetsEnv,
  type StoredModel,
} from '../../../functions/store-assets/store-assets.ts';
import { createValidate, type Validate } from '../../../functions/store-assets/validate-glb.ts';
import { submittedRecord } from '../records.ts';
import { ASSETS, openS3 } from '../s3-endpoint.ts';
import { openServer, type Said } from '../scripted-server.ts';
import { mockedClients } from '../submission.ts';
import { collectTelemetry } from '../telemetry-collector.ts';
import { virtualTime } from '../virtual-time.ts';
import { type Manifest, manifestSchema, type MeshdropEvent } from '../../../functions/contract/schemas.ts';
import { assetFolder, manifestKey, recordKey } from '../../../functions/run/keys.ts';

const { runId: storedRunId, upload } = submittedRecord();
export const runId = storedRunId;
export const FOLDER = assetFolder(upload.key, runId);
const MANIFEST = manifestKey(upload.key, runId);

const judged = new Map<string, ReturnType<Validate>>();
const validateFile = createValidate(virtualTime());

/** The real validator, in its thread. Most tests store the same small model, which is validated only once. */
const validate: Validate = (glb) => {
  const sha256 = createHash('sha256').update(glb).digest('hex');
  const judgement = judged.get(sha256) ?? validateFile(glb);
  judged.set(sha256, judgement);
  return judgement;
};

/** What differs from the usual world. */
export interface Changed {
  readonly jobId?: string;
  readonly env?: Partial<StoreAssetsEnv>;
  readonly clients?: Partial<StoreAssetsClients>;
  readonly clock?: Partial<Clock>;
}

/** StoreAssets as it is composed in AWS, with the real S3 endpoint, virtual time, and no network beyond this machine. */
export async function openStore(url: string, usual: Changed = {}) {
  const time = virtualTime();
  const s3 = await openS3(time.now);
  const documents = createJsonStore(s3.s3, ASSETS);
  const records = createRecordStore(documents);
  const { telemetry, counts, lines } = collectTelemetry();
  const events: MeshdropEvent[] = [];
  const env: StoreAssetsEnv = {
    SCENARIO_URL: url,
    SCENARIO_SECRET_ARN: 'arn:secret',
    ASSET_BUCKET: ASSETS,
    EVENT_BUS_NAME: 'default',
    MAX_ASSET_BYTES: '2000000000',
    GLB_ERRORS: 'report',
    RESULT_HOSTS: '[]',
    ...usual.env,
  };
  const clients: StoreAssetsClients = {
    ...mockedClients(events),
    s3: s3.s3,
    fetch,
    get: httpGet,
    lookup: async (hostname) => {
      throw new Error(`no network in tests: ${hostname}`);
    },
    validate,
    ...usual.clients,
  };

  /** One invocation of the function. */
  async function store(changed: Changed = {}): Promise<StoredModel> {
    const handle = createStoreAssets(
      { ...env, ...changed.env },
      { ...clients, ...changed.clients },
      { ...time, ...usual.clock, ...changed.clock },
      { telemetry },
    );
    return await handle({ runId, jobId: changed.jobId ?? usual.jobId ?? 'job_1' }, {} as Context);
  }

  /** Puts a record in S3 as it is, whatever may come before it. */
  async function begin(record: RunRecord): Promise<void> {
    await documents.write(recordKey(runId), record);
  }

  async function record(): Promise<RunRecord | undefined> {
    return (await records.read(runId))?.record;
  }

  /** The record of a run that nobody has concluded yet. */
  async function submitted(): Promise<RecordIn<'submitted'>> {
    const now = await record();
    if (now?.phase !== 'submitted') throw new Error(`the record is in the phase ${now?.phase}`);
    return now;
  }

  const manifest = async (): Promise<Manifest> => manifestSchema.parse(await s3.json(MANIFEST));
  const hasManifest = () => s3.keys().includes(MANIFEST);
  const files = () =>
    s3
      .keys()
      .filter((key) => key.startsWith(FOLDER) && key !== MANIFEST)
      .map((key) => key.slice(FOLDER.length));
  return {
    time,
    s3,
    records,
    events,
    counts,
    lines,
    store,
    begin,
    record,
    submitted,
    manifest,
    hasManifest,
    files,
  };
}

export interface File {
  readonly id: string;
  readonly said: Said;
  readonly asset?: Record<string, unknown>;
}

/** A server whose job is done and gave these files. */
export async function withFiles(
  files: readonly File[],
  { job = {}, ...usual }: Changed & { readonly job?: Record<string, unknown> } = {},
) {
  const server = await openServer(({ url }): Said => {
    const name = url.split('?')[0]?.split('/').at(-1) ?? '';
    const file = files.find(({ id }) => id === name);
    if (url.startsWith('/v1/jobs/')) {
      const metadata = { assetIds: files.filter(({ id }) => !id.endsWith('preview')).map(({ id }) => id) };
      return { status: 200, body: { job: { jobId: 'job_1', status: 'success', metadata, ...job } } };
    }
    if (!file) return { status: 404, body: { reason: 'Asset not found' } };
    if (url.startsWith('/files/')) return file.said;
    const asset = { id: file.id, url: `${server.origin}/files/${file.id}?Signature=s`, ...file.asset };
    return { status: 200, body: { asset } };
  });
  const world = await openStore(`${server.origin}/v1`, usual);
  await world.begin(submittedRecord());
  const downloaded = () => server.requests.filter(({ url }) => url.startsWith('/files/')).length;
  return { ...world, server, downloaded };
}

export const ok = (body: Uint8Array | string, headers?: Record<string, string>): Said => ({
  status: 200,
  body,
  ...(headers && { headers }),
});
