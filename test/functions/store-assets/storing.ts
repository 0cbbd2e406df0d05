import { createHash } from 'node:crypto';
import type { MeshdropEvent } from '../../../functions/run/event.ts';
import { createJsonObjects } from '../../../functions/platform/json-store.ts';
import { manifestSchema } from '../../../functions/run/manifest.ts';
import { createRecords } from '../../../functions/run/record.ts';
import { assetFolder, manifestKey } from '../../../functions/run/upload.ts';
import { createScenario } from '../../../functions/scenario/client.ts';
import type { Alarm } from '../../../functions/store-assets/download.ts';
import { httpGet } from '../../../functions/store-assets/http-get.ts';
import { createValidate, type Validate } from '../../../functions/store-assets/validate-glb.ts';
import { type StoreTools, storeAssets } from '../../../functions/store-assets/store-assets.ts';
import { credentialsOf } from '../credentials.ts';
import { collectObserved } from '../observed-collector.ts';
import { submittedRecord } from '../records.ts';
import { ASSETS, openS3 } from '../s3-endpoint.ts';
import { openServer, type Said } from '../scripted-server.ts';
import { virtualTime } from '../virtual-time.ts';

const { runId: storedRunId, upload } = submittedRecord();
export const runId = storedRunId;
export const FOLDER = assetFolder(upload.key, runId);
const MANIFEST = manifestKey(upload.key, runId);

/** Never rings. */
const alarm: Alarm = () => ({ refresh: () => {}, close: () => {} });

const judged = new Map<string, ReturnType<Validate>>();

/** The real validator, in its thread. Of the same bytes it says the same: most tests store one small model, judged once. */
const validate: Validate = (glb) => {
  const sha256 = createHash('sha256').update(glb).digest('hex');
  const judgement = judged.get(sha256) ?? createValidate(alarm)(glb);
  judged.set(sha256, judgement);
  return judgement;
};

/** All that storing works with: the real S3 endpoint, time that passes by itself, and no network but this machine's. */
export async function openStore(url: string, overrides: Partial<StoreTools> = {}) {
  const time = virtualTime();
  const s3 = await openS3(time.now);
  const objects = createJsonObjects(s3.s3, ASSETS);
  const { log, count, counts, lines } = collectObserved();
  const events: MeshdropEvent[] = [];
  const tools: StoreTools = {
    s3: s3.s3,
    objects,
    records: createRecords(objects),
    assetBucket: ASSETS,
    announce: async (event) => void events.push(event),
    scenario: createScenario({ url, credentials: credentialsOf('secret'), fetch, ...time }),
    apiUrl: url,
    maxAssetBytes: 2_000_000_000,
    glbErrors: 'record',
    lookup: async (hostname) => {
      throw new Error(`no network in tests: ${hostname}`);
    },
    alarm,
    get: httpGet,
    validate,
    now: time.now,
    sleep: time.sleep,
    count,
    log,
    ...overrides,
  };
  const manifest = async () => manifestSchema.parse(await s3.json(MANIFEST));
  const files = () =>
    s3
      .keys()
      .filter((key) => key.startsWith(FOLDER) && key !== MANIFEST)
      .map((key) => key.slice(FOLDER.length));
  return { time, s3, tools, events, counts, lines, manifest, files, objects };
}

export interface File {
  readonly id: string;
  readonly said: Said;
  readonly asset?: Record<string, unknown>;
}

/** A server whose job is done and gave these files. */
export async function withFiles(
  files: readonly File[],
  { job = {}, tools = {} }: { job?: Record<string, unknown>; tools?: Partial<StoreTools> } = {},
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
  const world = await openStore(`${server.origin}/v1`, tools);
  await world.tools.records.write(submittedRecord(), undefined);
  return { ...world, server, store: () => storeAssets({ runId, jobId: 'job_1' }, world.tools) };
}

export const ok = (body: Uint8Array | string, headers?: Record<string, string>): Said => ({
  status: 200,
  body,
  ...(headers && { headers }),
});
