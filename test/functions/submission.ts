import { onTestFinished } from 'vitest';
import { createSpendGuard } from '../../functions/spending/spend-guard.ts';
import { type SubmitTools, submitJob } from '../../functions/submit-job/submit-job.ts';
import type { MeshdropEvent } from '../../functions/run/event.ts';
import { createJsonObjects } from '../../functions/platform/json-store.ts';
import type { Manifest } from '../../functions/run/manifest.ts';
import { createRecords, type RecordIn, type RunRecord } from '../../functions/run/record.ts';
import { manifestKey, runIdOf } from '../../functions/run/upload.ts';
import { createScenario } from '../../functions/scenario/client.ts';
import type { AnnouncedUpload } from '../../functions/run/upload-message.ts';
import type { StandInOptionsInput } from '../../local/scenario/options.ts';
import { startStandIn } from '../../local/scenario/server.ts';
import { credentialsOf } from './credentials.ts';
import { png } from './images.ts';
import { collectObserved } from './observed-collector.ts';
import { ASSETS, openS3, UPLOADS } from './s3-endpoint.ts';
import { virtualTime } from './virtual-time.ts';

const LIFETIME_MS = 300_000;
export const KEY = 'chairs/Oak Chair.png';

/** Everything around SubmitJob: the stand-in, S3, and a clock that only sleeping moves. */
export async function openSubmission(options: StandInOptionsInput = {}) {
  const time = virtualTime();
  const s3 = await openS3(time.now);
  const standIn = await startStandIn({
    apiKey: 'key',
    apiSecret: 'secret',
    now: time.now,
    options: { requestsPerWindow: 1_000_000, resultModel: 'triangle', jobSeconds: 120, ...options },
  });
  onTestFinished(() => standIn.close());
  const observed = collectObserved();
  const objects = createJsonObjects(s3.s3, ASSETS);
  const events: MeshdropEvent[] = [];
  const started: RecordIn<'submitted'>[] = [];
  const scenarioWith = (fetch: typeof globalThis.fetch) =>
    createScenario({
      url: standIn.url,
      credentials: credentialsOf('secret'),
      fetch,
      sleep: time.sleep,
      now: time.now,
    });
  const tools: Omit<SubmitTools, 'remainingMs'> = {
    s3: s3.s3,
    objects,
    records: createRecords(objects),
    assetBucket: ASSETS,
    announce: async (event) => void events.push(event),
    startGeneration: async (record) => void started.push(record),
    scenario: scenarioWith(fetch),
    parameterSettings: { defaults: {}, presets: {} },
    again: 'rerun',
    maxCuPerRun: 150,
    spendGuard: createSpendGuard(objects, Number.POSITIVE_INFINITY),
    sleep: time.sleep,
    random: () => 0.5,
    now: time.now,
    count: observed.count,
    log: observed.log,
  };

  /** One invocation of the function, with five minutes of its own. */
  function submit(upload: AnnouncedUpload, changed: Partial<SubmitTools> = {}): Promise<void> {
    const endsAt = time.now() + LIFETIME_MS;
    return submitJob(upload, { ...tools, remainingMs: () => endsAt - time.now(), ...changed });
  }

  async function drop(metadata: Record<string, string> = {}, key = KEY, body?: Uint8Array | string) {
    const upload = await s3.put(UPLOADS, key, body ?? (await png()), metadata);
    const runId = runIdOf({ bucket: UPLOADS, key, version: upload.versionId ?? upload.sequencer });
    return { upload, runId };
  }

  async function record(runId: string): Promise<RunRecord | undefined> {
    return (await tools.records.read(runId))?.record;
  }

  async function manifest(runId: string, key = KEY): Promise<Manifest | undefined> {
    return (await objects.read(manifestKey(key, runId)))?.value as Manifest | undefined;
  }

  return {
    time,
    s3,
    standIn,
    tools,
    objects,
    events,
    started,
    submit,
    drop,
    record,
    manifest,
    counts: observed.counts,
    lines: observed.lines,
    scenarioWith,
    /** Jobs that were ever paid. */
    jobs: () => standIn.ledger().jobs,
    requests: () => standIn.ledger().requests,
  };
}
export type Submission = Awaited<ReturnType<typeof openSubmission>>;
