import * as z from 'zod';
import { json, Refusal, type Reply } from './answer.ts';
import { type Call, objectIn, refuseUnknown, requiredString } from './call.ts';
import { statusAt } from './ledger.ts';
import type { JobRecord } from './records.ts';
import type { World } from './world.ts';

/** The one project that the key belongs to. */
export const OWNER_ID = 'proj_standin000000000000000';
/** Who pressed the button. */
export const AUTHOR_ID = '0f0e0d0c0b0a09080706050403020100';

/** `GET /jobs/{jobId}` */
export async function getJob(call: Call, world: World): Promise<Reply> {
  return json(200, { job: jobView(findJob(call, world), world.now(), world) });
}

/** `POST /jobs/{jobId}/action`: there is only cancel, and that is refused for the jobs of models. */
export async function jobAction(call: Call, world: World): Promise<Reply> {
  findJob(call, world);
  const body = await objectIn(call, world.settings.options().bodyLimitBytes);
  refuseUnknown(body, ['action']);
  if (requiredString(body, 'action') !== 'cancel') {
    throw new Refusal(400, '"action" must be [cancel]');
  }
  throw new Refusal(400, 'Cannot cancel this type of job. Action not permitted.');
}

function findJob(call: Call, world: World): JobRecord {
  const id = call.params['jobId'] ?? '';
  const job = world.jobs.get(id);
  const since = job && world.now() - job.createdAt;
  const hiddenMs = world.settings.options().jobVisibleAfterSeconds * 1000;
  if (job === undefined || job.isLost === true || since === undefined || since < hiddenMs) {
    throw new Refusal(404, `Job ${id} not found`);
  }
  return job;
}

/** `GET /jobs`: newest first, page by page. */
export async function listJobs(call: Call, world: World): Promise<Reply> {
  const pageSize = pageSizeIn(call.query);
  const wanted = filterIn(call.query);
  const { listLagSeconds, rowsWithoutInput } = world.settings.options();
  const now = world.now();
  const before = cursorIn(call.query, world);
  const rows = world.jobs
    .all()
    .filter((job) => job.number < before && job.isLost !== true && now - job.createdAt >= listLagSeconds * 1000)
    .filter((job) => wanted(job, statusAt(job, now)))
    .toReversed();
  const page = rows.slice(0, pageSize);
  const last = page.at(-1);
  const isMore = last !== undefined && rows.length > page.length;
  return json(200, {
    jobs: page.map((job) => jobView(job, now, world, !rowsWithoutInput)),
    ...(isMore && { nextPaginationToken: cursorAfter(last, world) }),
  });
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

function cursorAfter(job: JobRecord, world: World): string {
  const key = { createdAt: world.date(job.createdAt), jobId: job.id, ownerId: OWNER_ID };
  return Buffer.from(JSON.stringify(key)).toString('base64');
}

/** The number below which the page begins. */
function cursorIn(query: URLSearchParams, world: World): number {
  const token = query.get('paginationToken');
  if (token === null) return Infinity;
  try {
    const { jobId } = cursorSchema.parse(JSON.parse(Buffer.from(token, 'base64').toString()));
    const job = world.jobs.get(jobId);
    if (job !== undefined) return job.number;
  } catch {
    // Falls through to the refusal, as for the token of a job that does not exist.
  }
  throw new Refusal(400, 'Invalid paginationToken');
}

/** While a job runs, its `updatedAt` moves at least so often, whatever its progress does. */
const HEARTBEAT_MS = 2_000;

/** A job as the API shows it at a moment. */
export function jobView(job: JobRecord, nowMs: number, world: World, withInput = true) {
  const reached = job.steps.filter((step, i) => i === 0 || step.at <= nowMs);
  const status = reached.at(-1)?.status ?? 'pending';
  const hasEnded = reached.length === job.steps.length && job.steps.length > 1;
  const lastChange = reached.at(-1)?.at ?? job.createdAt;
  const beat = lastChange + Math.floor((nowMs - lastChange) / HEARTBEAT_MS) * HEARTBEAT_MS;
  return {
    jobId: job.id,
    jobType: job.type,
    status,
    progress: progressAt(job, nowMs),
    statusHistory: reached.map((step) => ({ status: step.status, date: world.date(step.at) })),
    metadata: {
      ...(withInput && job.inputs !== undefined && { input: { modelId: job.modelId, ...(job.sent ?? job.inputs) } }),
      assetIds: hasEnded ? job.assetIds : [],
      ...(hasEnded && job.error !== undefined && { error: job.error, hint: job.hint }),
      ...(hasEnded && job.entityId !== undefined && { output: { entityId: job.entityId } }),
    },
    billing: { cuCost: job.cu, cuDiscount: 0, ...(!job.isRefundable && { disableRefund: true }) },
    ownerId: OWNER_ID,
    authorId: AUTHOR_ID,
    createdAt: world.date(job.createdAt),
    updatedAt: world.date(hasEnded ? lastChange : Math.max(job.createdAt, beat)),
  };
}

/** 0 to 1 over the time in progress. */
function progressAt(job: JobRecord, nowMs: number): number {
  const end = job.steps.at(-1);
  const begin = job.steps.at(2);
  if (end === undefined || begin === undefined || nowMs < begin.at) return 0;
  if (end.status === 'success' && nowMs >= end.at) return 1;
  if (job.progress === 'stuck') return 0.1;
  if (job.progress === 'over-one') return 1.02;
  const share = (Math.min(nowMs, end.at) - begin.at) / Math.max(1, end.at - begin.at);
  return Math.round((end.status === 'success' ? 1 : 0.5) * Math.min(0.99, share) * 100) / 100;
}
