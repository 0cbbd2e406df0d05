import * as z from 'zod';
import type { EventEnvelope } from '../aws/events/envelope.ts';
import { type Assets, readDocument } from './documents.ts';
import { readRenditionsOf } from './renditions.ts';
import type { RecordView, RenditionsView, Runs, RunView } from './runs.ts';
import { chargeOf, isFinal, type RecordIn, recordSchema, type RunRecord } from '../../functions/run/record.ts';
import { parseJson } from '../../functions/platform/json.ts';
import type { Phase } from '../../functions/run/lifecycle.ts';
import { endedExecutionIn } from '../../functions/run/ended-execution.ts';
import { runIdOf, uploadIn } from '../../functions/run/upload.ts';

/**
 * Returns the run of an `Object Created` message. Returns undefined for any other message, because anyone can send one.
 */
function runOf(body: string): { readonly runId: string; readonly key: string } | undefined {
  try {
    const upload = uploadIn(body);
    return { runId: runIdOf(upload), key: upload.key };
  } catch {
    return undefined;
  }
}

/** Returns the run ID in a message about an upload or about the end of an execution. */
export function runIdIn(body: string): string | undefined {
  try {
    return endedExecutionIn(body).name;
  } catch {
    return runOf(body)?.runId;
  }
}

const answered = z.object({
  metadata: z.object({ runId: z.string() }),
  data: z.object({
    upload: z.object({ key: z.string() }),
    failure: z.object({ reason: z.string(), hint: z.string().optional() }).optional(),
  }),
});

const STAGES = { 'Model Stored': 'stored', 'Model Failed': 'failed', 'Upload Rejected': 'rejected' } as const;

/** Returns what an event of Meshdrop says about its run. */
export function answerIn({ source, 'detail-type': detailType, detail }: EventEnvelope) {
  const stage = source === 'meshdrop' && detailType in STAGES ? STAGES[detailType as keyof typeof STAGES] : undefined;
  const parsed = answered.safeParse(detail).data;
  if (!stage || !parsed) return undefined;
  return {
    runId: parsed.metadata.runId,
    key: parsed.data.upload.key,
    stage,
    ...parsed.data.failure,
  };
}

const finished = z.object({
  metadata: z.object({ runId: z.string() }),
  data: z.object({
    upload: z.object({ key: z.string() }),
    files: z.array(z.object({ role: z.string(), key: z.string(), bytes: z.number(), contentType: z.string() })),
    certificates: z.record(z.string(), z.string()),
    renditions: z.object({ key: z.string() }),
  }),
});

/** Returns what a "Renditions Stored" event says. */
export function renditionsIn({ source, 'detail-type': detailType, detail }: EventEnvelope) {
  const isOurs = source === 'meshdrop' && detailType === 'Renditions Stored';
  const parsed = isOurs ? finished.safeParse(detail).data : undefined;
  if (!parsed) return undefined;
  const { files, certificates, renditions, upload } = parsed.data;
  const view: RenditionsView = { key: renditions.key, files, certificates };
  return { runId: parsed.metadata.runId, key: upload.key, renditions: view };
}

const STAGE_OF_PHASE: Readonly<Record<Phase, RunView['stage']>> = {
  claimed: 'queued',
  sending: 'submitting',
  submitted: 'generating',
  stored: 'stored',
  failed: 'failed',
  rejected: 'rejected',
};

/** Notes the runs of earlier processes. Skips records that can't be read. */
export function noteRecords(runs: Runs, assets: Assets): void {
  let after: string | undefined;
  do {
    const page = assets.store.list(assets.assetBucket, { prefix: 'runs/', after });
    for (const object of page.objects) {
      const record = recordSchema.safeParse(readDocument(object.key, assets)).data;
      if (!record) continue;
      const { reason, hint } = 'failure' in record ? record.failure : {};
      const stage = STAGE_OF_PHASE[record.phase];
      const since = Date.parse(record.claimedAt ?? '') || object.lastModified.getTime();
      const key = { key: record.upload.key };
      const renditions = readRenditionsOf({ runId: record.runId, ...key }, assets);
      runs.note(record.runId, {
        ...key,
        stage,
        since,
        reason,
        hint,
        ...recordView(record),
        renditions,
        isFinishing: false,
      });
    }
    after = page.next;
  } while (after !== undefined);
}

/** Notes what the record of a run says, besides its phase: events tell how a run ends. */
export function noteRecord(runs: Runs, key: string, assets: Assets): void {
  const record = recordSchema.safeParse(readDocument(key, assets)).data;
  if (record) runs.note(record.runId, { key: record.upload.key, ...recordView(record) });
}

function recordView(record: RunRecord): RecordView {
  const {
    assets = [],
    reusedFrom,
    jobId,
  }: Partial<RecordIn<'stored'>> = 'jobId' in record ? (record as Partial<RecordIn<'stored'>>) : {};
  const fileOf = (wanted: string) => {
    const found = assets.find(({ role }) => role === wanted);
    return found && { role: wanted, key: found.key, bytes: found.bytes, contentType: found.contentType };
  };
  return {
    parameters: record.parameters,
    quote: record.quote,
    isPaid: jobId !== undefined && reusedFrom === undefined,
    reusedFrom,
    model: fileOf('model'),
    preview: fileOf('preview'),
    ...(isFinal(record) && {
      cu: reusedFrom === undefined ? chargeOf(record) : 0,
      endedAt: Date.parse(record.finishedAt),
      code: 'failure' in record ? record.failure.code : undefined,
    }),
  };
}

/** Notes an upload that waits or that SubmitJob is working on. */
export function noteUpload(runs: Runs, body: string, stage: 'queued' | 'submitting'): void {
  const run = runOf(body);
  if (run) runs.note(run.runId, { key: run.key, stage });
}

/** Notes a state that an execution has entered, and the output of its task. */
export function noteTask(runs: Runs, runId: string, state: string, output: unknown): void {
  runs.noteStep(runId, { state, at: Date.now() });
  if (state === 'StoreAssets') return runs.note(runId, { stage: 'storing' });
  const progress: unknown = typeof output === 'object' && output !== null ? Reflect.get(output, 'progress') : undefined;
  runs.note(runId, { stage: 'generating', ...(typeof progress === 'number' && { progress }) });
}

const heldLine = z.object({ message: z.literal('held'), runId: z.string(), refusal: z.string() });

/** Notes why a function holds an upload, which explains a run that seems to make no progress. */
export function noteLog(runs: Runs, line: string): void {
  const held = heldLine.safeParse(parseJson(line)).data;
  if (held) runs.note(held.runId, { waitingFor: held.refusal });
}
