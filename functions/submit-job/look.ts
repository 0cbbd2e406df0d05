import type { Model } from '../models/model.ts';
import type { RunRecord } from '../run/record.ts';
import type { Scenario } from '../scenario/client.ts';
import { ScenarioNotFoundError } from '../scenario/errors.ts';
import type { Job, JobRow } from '../scenario/schemas.ts';
import { LATEST_JOB_MS } from './bounds.ts';
import type { Invocation } from './submission.ts';

/** The clocks of Scenario and of this function can differ by this much. */
const CLOCK_SKEW_MS = 30 * 60_000;
/** 5,000 jobs. A list that is not in order has to be read to its end. */
const MAX_PAGES = 25;

export interface LookTools extends Pick<Invocation, 'telemetry'> {
  readonly scenario: Pick<Scenario, 'jobPages' | 'job' | 'originsOf'>;
  /** The model that the run's sends asked for. */
  readonly model: Model;
}

/** The job that came from one of the record's sends. */
export interface Adopted {
  readonly jobId: string;
  readonly sentAt: string;
}

/**
 * What the job list shows about the sends of a run. `nothing`: the list was read completely, and no job came from them.
 * `empty`: it lists no job at all. `unclear`: the list cannot be trusted, or a job does not say what it was made from.
 */
export type Seen = Adopted | 'nothing' | 'empty' | 'unclear';

/** Looks in Scenario's job list for a job that was made from an asset of any of the run's sends. */
export async function look({ sends }: Pick<RunRecord, 'sends'>, tools: LookTools): Promise<Seen> {
  const times = sends.map(({ sentAt }) => Date.parse(sentAt));
  const window = { from: Math.min(...times) - CLOCK_SKEW_MS, to: Math.max(...times) + LATEST_JOB_MS + CLOCK_SKEW_MS };
  const { rows, isComplete } = await readList(window.from, tools.scenario);
  if (rows.length === 0) return 'empty';
  const verdicts: Verdict[] = [];
  for (const row of rows) verdicts.push(await judge(row, window, sends, tools));
  const settled = await settleCopies(verdicts, sends, tools);
  const found = oldest(
    settled.filter((one) => typeof one === 'object'),
    tools,
  );
  return found ?? (isComplete && !settled.includes('unclear') ? 'nothing' : 'unclear');
}

/**
 * Reads the list. If it is in order, newest first, it ends for us with the first page on which every job is too old.
 */
async function readList(from: number, scenario: LookTools['scenario']) {
  const rows = new Map<string, JobRow>();
  let pages = 0;
  let last = Infinity;
  for await (const page of scenario.jobPages()) {
    pages += 1;
    const times = page.flatMap((row) => (typeof row === 'string' ? [] : (row.createdAt ?? []))).map(Date.parse);
    const isOrdered = times.every((time, n) => time <= (times[n - 1] ?? last));
    last = isOrdered ? (times.at(-1) ?? last) : -Infinity;
    for (const row of page) rows.set(typeof row === 'string' ? row : row.jobId, row);
    if (isOrdered && times.length > 0 && times.every((time) => time < from)) break;
    if (pages === MAX_PAGES) return { rows: [...rows.values()], isComplete: false };
  }
  return { rows: [...rows.values()], isComplete: true };
}

type Made = Adopted & { readonly createdAt: string };
/** A job of our model, made from an asset that no send names. It can be a copy of one that a send names. */
interface PerhapsCopy {
  readonly job: Job;
  readonly image: string;
}
type Settled = Made | 'unclear' | 'not-ours';
type Verdict = Settled | PerhapsCopy;

async function judge(
  row: JobRow,
  window: { readonly from: number; readonly to: number },
  sends: RunRecord['sends'],
  { scenario, model }: LookTools,
): Promise<Verdict> {
  if (typeof row === 'string') return isPerhapsOurs(row, sends, model) ? 'unclear' : 'not-ours';
  const time = Date.parse(row.createdAt ?? '');
  const isOutside = time < window.from || time > window.to;
  if (!row.input && isOutside) return 'not-ours';
  const job = row.input ? row : await askForJob(row, scenario);
  // IDs are unique, so it is enough that one occurs anywhere in the echo.
  const send = sends.find(({ assetId }) => job.input?.text.includes(assetId));
  if (send) return madeOf(job, send);
  if (!job.input) return 'unclear';
  if (isOutside || (job.input.modelId ?? model.id) !== model.id) return 'not-ours';
  const image = job.input.values[model.imageInput];
  return typeof image === 'string' ? { job, image } : 'unclear';
}

function madeOf({ jobId, createdAt = '' }: Job, { sentAt }: RunRecord['sends'][number]): Made {
  return { jobId, sentAt, createdAt };
}

/** Whether an unreadable row concerns us: it names one of our assets, or it names no other model. */
function isPerhapsOurs(text: string, sends: RunRecord['sends'], { id }: Model): boolean {
  if (text === 'null') return false;
  if (sends.some(({ assetId }) => text.includes(assetId))) return true;
  return text.includes(id) || !/"model_[^"]*"/.test(text);
}

/** A row of the list can lack the echo of its inputs. The job itself has it. */
async function askForJob(row: Job, scenario: LookTools['scenario']): Promise<Job> {
  return await scenario.job(row.jobId).catch((error: unknown) => {
    if (error instanceof ScenarioNotFoundError) return row;
    throw error;
  });
}

/** Finds jobs that were made from a processed copy of our asset. Scenario says what a copy was made from. */
async function settleCopies(
  verdicts: readonly Verdict[],
  sends: RunRecord['sends'],
  { scenario }: LookTools,
): Promise<readonly Settled[]> {
  const images = verdicts.flatMap((one) => (typeof one === 'object' && 'image' in one ? one.image : []));
  const origins = images.length > 0 ? await scenario.originsOf([...new Set(images)]) : new Map<string, string[]>();
  return verdicts.map((one): Settled => {
    if (typeof one !== 'object' || !('image' in one)) return one;
    const roots = origins.get(one.image);
    if (!roots) return 'unclear';
    const send = sends.find(({ assetId }) => roots.includes(assetId));
    return send ? madeOf(one.job, send) : 'not-ours';
  });
}

function oldest(made: readonly Made[], { telemetry }: LookTools): Made | undefined {
  if (made.length > 1) {
    telemetry.count('DuplicateJob', 1);
    telemetry.log.error('more than one job for one upload', { jobIds: made.map(({ jobId }) => jobId) });
  }
  return made.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt))[0];
}
