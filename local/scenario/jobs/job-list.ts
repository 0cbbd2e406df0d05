import * as z from 'zod';
import { json, Refusal, type Reply } from '../answer.ts';
import type { Call } from '../call.ts';
import { AUTHOR_ID, jobView, OWNER_ID } from './jobs.ts';
import { statusAt } from './ledger.ts';
import type { StandInOptions } from '../moods/options.ts';
import type { JobRecord } from '../records.ts';
import { hasBegun, type World } from '../world.ts';

/** `GET /jobs`: lists jobs in pages, newest first unless the option `list` changes it. */
export async function listJobs(call: Call, world: World): Promise<Reply> {
  const pageSize = pageSizeIn(call.query);
  const { list } = world.settings.options();
  const rows = inOrder(matchingJobs(call, world), list);
  const from = startIn(call.query, rows, world);
  const page = rows.slice(from, from + pageSize);
  const last = page.at(-1);
  const isMore = from + pageSize < rows.length;
  // Always return the first page.
  const token = list.repeatsToken
    ? page[0] && cursorAt(rows[0] ?? page[0], world)
    : isMore && last && cursorAt(last, world);
  return json(200, { jobs: rowsOf(page, world), ...(token && { nextPaginationToken: token }) });
}

function matchingJobs({ query }: Call, world: World): JobRecord[] {
  const wanted = filterIn(query);
  const { listLagSeconds, list } = world.settings.options();
  const now = world.now();
  return [...otherJobs(list.others, now), ...world.jobs.all()]
    .filter((job) => hasBegun(job, now) && job.isLost !== true && now - job.createdAt >= listLagSeconds * 1000)
    .filter((job) => wanted(job, statusAt(job, now)));
}

const TEN_MINUTES_MS = 600_000;

/** Creates jobs of other callers in the same project. */
function otherJobs(count: number, now: number): JobRecord[] {
  return Array.from({ length: count }, (_, n) => {
    const createdAt = (Math.floor(now / TEN_MINUTES_MS) - n) * TEN_MINUTES_MS;
    return {
      id: `job_ofAnother${createdAt}`,
      number: -n,
      type: 'custom',
      createdAt,
      steps: [{ status: 'success', at: createdAt }],
      modelId: 'model_of-another',
      sent: { prompt: 'a lamp' },
      inputs: { image: 'asset_ofAnother' },
      cu: 5,
      assetIds: [],
      isRefundable: true,
    };
  });
}

function inOrder(jobs: readonly JobRecord[], { order, pinsOldest }: StandInOptions['list']): JobRecord[] {
  const oldestFirst = jobs.toSorted((a, b) => a.createdAt - b.createdAt || a.number - b.number);
  const [oldest] = oldestFirst;
  const ordered = order === 'oldest' ? oldestFirst : oldestFirst.toReversed();
  // The order is mixed, but the same for each call, so that pages are consistent.
  const rows = order === 'mixed' ? ordered.toSorted((a, b) => a.id.localeCompare(b.id)) : ordered;
  return pinsOldest && oldest ? [oldest, ...rows.filter((job) => job !== oldest)] : rows;
}

/** A job of another model in an undocumented format. */
const UNREADABLE = { jobId: 42, jobType: 'custom', status: {}, metadata: { input: { modelId: 'model_of-another' } } };

/** Returns the rows of one page, with those that the option `list.rows` adds. */
function rowsOf(page: readonly JobRecord[], world: World): unknown[] {
  const { list, rowsWithoutInput } = world.settings.options();
  const views = page.map((job) => jobView(job, world.now(), world, !rowsWithoutInput));
  switch (list.rows) {
    case 'plain':
      return views;
    case 'twice':
      return views.flatMap((view) => [view, view]);
    case 'null':
      return [null, ...views];
    case 'unreadable':
      return [UNREADABLE, ...views];
  }
}

function pageSizeIn(query: URLSearchParams): number {
  if (query.has('sortDirection') && !query.has('sortBy')) {
    throw new Refusal(400, '"sortDirection" is not allowed without "sortBy"');
  }
  const size = Number(query.get('pageSize') ?? '10');
  if (!Number.isInteger(size)) throw new Refusal(400, '"pageSize" must be an integer');
  if (size < 1) throw new Refusal(400, '"pageSize" must be greater than or equal to 1');
  if (size > 200) throw new Refusal(400, '"pageSize" must be less than or equal to 200');
  return size;
}

function filterIn(query: URLSearchParams): (job: JobRecord, status: string) => boolean {
  const types = [query.get('type'), ...(query.get('types')?.split(',') ?? [])].filter((type) => type !== null);
  const status = query.get('status');
  const author = query.get('authorId');
  return (job, current) =>
    (types.length === 0 || types.includes(job.type)) &&
    (status === null || status === current) &&
    (author === null || author === AUTHOR_ID);
}

const cursorSchema = z.object({ createdAt: z.string(), jobId: z.string(), ownerId: z.string() });

function cursorAt(job: JobRecord, world: World): string {
  const key = { createdAt: world.date(job.createdAt), jobId: job.id, ownerId: OWNER_ID };
  return Buffer.from(JSON.stringify(key)).toString('base64');
}

/** Returns the position at which the page begins: after the row that the token names. */
function startIn(query: URLSearchParams, rows: readonly JobRecord[], world: World): number {
  const token = query.get('paginationToken');
  if (token === null) return 0;
  try {
    const { jobId } = cursorSchema.parse(JSON.parse(Buffer.from(token, 'base64').toString()));
    if (world.settings.options().list.repeatsToken) return 0;
    const at = rows.findIndex(({ id }) => id === jobId);
    if (at >= 0) return at + 1;
  } catch {
    // Falls through to the refusal, which is the same as for the token of an unknown job.
  }
  throw new Refusal(400, 'Invalid paginationToken');
}
