import { json, Refusal, type Reply } from '../answer.ts';
import { type Call, objectIn, refuseUnknown, requiredString } from '../call.ts';
import type { JobRecord } from '../records.ts';
import { copyIdOf, type World } from '../world.ts';

/** The only project, to which the API key belongs. */
export const OWNER_ID = 'proj_standin000000000000000';
/** The user who starts the jobs. */
export const AUTHOR_ID = '0f0e0d0c0b0a09080706050403020100';

/** `GET /jobs/{jobId}` */
export async function getJob(call: Call, world: World): Promise<Reply> {
  return json(200, { job: jobView(findJob(call, world), world.now(), world) });
}

/** `POST /jobs/{jobId}/action`: the only action is cancel, which is refused for model jobs. */
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

/** While a job runs, its `updatedAt` changes at least this often, even without progress. */
const HEARTBEAT_MS = 2_000;

/** Returns a job in the format of the API at a given time. */
export function jobView(job: JobRecord, nowMs: number, world: World, withInput = true) {
  const reached = job.steps.filter((step, i) => i === 0 || step.at <= nowMs);
  const status = reached.at(-1)?.status ?? 'pending';
  const hasEnded = reached.length === job.steps.length && job.steps.length > 1;
  const lastChange = reached.at(-1)?.at ?? job.createdAt;
  const beat = lastChange + Math.floor((nowMs - lastChange) / HEARTBEAT_MS) * HEARTBEAT_MS;
  const { results } = world.settings.options();
  const isNamed = hasEnded && nowMs >= lastChange + results.namedAfterSeconds * 1000;
  return {
    jobId: job.id,
    jobType: job.type,
    status: status === 'success' ? results.success : status,
    progress: progressAt(job, nowMs),
    statusHistory: reached.map((step) => ({ status: step.status, date: world.date(step.at) })),
    metadata: {
      ...(withInput && job.inputs !== undefined && { input: echoOf(job, world) }),
      assetIds: isNamed ? job.assetIds : [],
      ...(hasEnded && job.error !== undefined && { error: errorOf(job, world), hint: job.hint }),
      ...(hasEnded && job.entityId !== undefined && { output: { entityId: job.entityId } }),
    },
    billing: { cuCost: job.cu, cuDiscount: 0, ...(!job.isRefundable && { disableRefund: true }) },
    ownerId: OWNER_ID,
    authorId: AUTHOR_ID,
    createdAt: world.date(job.createdAt),
    updatedAt: world.date(hasEnded ? lastChange : Math.max(job.createdAt, beat)),
  };
}

function errorOf({ error }: JobRecord, world: World): string | undefined {
  if (!world.settings.options().results.signedErrors) return error;
  return `${error}: cdn.cloud.scenario.com\\/a.glb?Policy=SECRET-policy&Signature=SECRET-signature, Authorization: Basic SECRET`;
}

/** The inputs as the job shows them. A processed copy has its own id in the place of the image's. */
function echoOf({ modelId, sent, inputs }: JobRecord, world: World): Record<string, unknown> {
  const echo: Record<string, unknown> = { modelId, ...(sent ?? inputs) };
  if (world.settings.options().echo === 'sent' || inputs === undefined) return echo;
  for (const [name, value] of Object.entries(echo)) if (value === inputs.image) echo[name] = copyIdOf(inputs.image);
  return echo;
}

/** Returns the progress from 0 to 1 during the status in-progress. */
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
