import { isFinal } from '../../../functions/run/record.ts';
import { DETAIL_TYPES } from '../../../functions/run/event.ts';
import type { Dropped, World } from './world.ts';
import { manifestKey } from '../../../functions/run/keys.ts';

/** Returns whether no work is left. */
export function isSettled(world: World): boolean {
  if (world.clock.foreground() > 0) return false;
  world.ledger();
  return openEnds(world).length === 0;
}

/** Returns what should have ended but has not. Empty if every upload has one final result and no work is left. */
export function openEnds(world: World): readonly string[] {
  const { lambda } = world;
  const { machine, queues } = world.aws;
  return [
    ...world.uploads.flatMap((upload) => unanswered(upload, world)),
    ...[...queues.values()].flatMap((queue) =>
      queue.messages().map(({ body }) => `${queue.name} still has a message: ${body}`),
    ),
    ...machine
      .list()
      .filter(({ status }) => status === 'RUNNING')
      .map(({ name }) => `the execution of ${name} is still running`),
    ...strangers(world),
    ...buried(world),
    ...miscounted(world),
    ...(lambda.running() > 0 ? [`some invocations are still running: ${lambda.running()}`] : []),
  ];
}

function unanswered(upload: Dropped, world: World): readonly string[] {
  if (world.isUnknowable(upload)) return [];
  const { key, runId } = upload;
  const { records, manifests, announced } = world.invariants;
  const record = records.get(runId);
  if (!record) return [`${runId} has no record`];
  if (!isFinal(record)) return [`the record of ${runId} is still ${record.phase}`];
  const manifest = manifests.get(manifestKey(key, runId));
  if (!manifest) return [`${runId} has no manifest`];
  const { phase } = record;
  const [says, ends] = [manifest, record].map(
    (one) => `${'status' in one ? one.status : one.phase} at ${one.finishedAt}`,
  );
  return [
    ...(says === ends ? [] : [`the manifest of ${runId} says ${says}, and its record says ${ends}`]),
    ...[DETAIL_TYPES[phase], ...(world.isToBeMade(runId) ? (['Renditions Stored'] as const) : [])]
      .filter((type) => !announced.get(runId)?.has(type))
      .map((type) => `"${type}" of ${runId} was never announced`),
  ];
}

/** Returns runs that were paid, but whose record has no job. */
function buried({ invariants: { records, payments } }: World): readonly string[] {
  return [...payments.keys()].flatMap((runId) => {
    const record = records.get(runId);
    const isKnown = record !== undefined && 'jobId' in record && record.jobId !== undefined;
    return isKnown ? [] : [`${runId} is paid, but its record (${record?.phase ?? 'missing'}) has no job`];
  });
}

/**
 * Returns how the ledgers differ from what Scenario has charged. A second job for one request is Scenario's error. A
 * charge above the quote is known only if somebody has read the job.
 */
function miscounted(world: World): readonly string[] {
  const jobs = new Map(world.ledger().jobs.map((job) => [job.image, job.isRefunded ? 0 : job.cu]));
  const { chargeFactor } = world.standIn.options();
  const charged = [...jobs.values()].reduce((sum, cu) => sum + cu, 0) / Math.max(1, chargeFactor);
  const ledgers = [...world.invariants.ledgers.values()];
  const settled = ledgers.reduce((sum, ledger) => sum + ledger.settled, 0);
  const open = ledgers.flatMap((ledger) => Object.keys(ledger.open));
  return [
    ...(settled >= charged || ledgers.length === 0
      ? []
      : [`Scenario charged ${charged} CU, and the ledgers say ${settled}`]),
    ...open.map((assetId) => `the ledger still has a reservation for ${assetId}`),
  ];
}

/** Returns records and manifests that belong to no upload, and duplicates. */
function strangers({ uploads, invariants: { records, manifests } }: World): readonly string[] {
  const runIds = new Set(uploads.map(({ runId }) => runId));
  const keys = new Set(uploads.map(({ key, runId }) => manifestKey(key, runId)));
  return [
    ...[...records.keys()].filter((runId) => !runIds.has(runId)).map((runId) => `unexpected record of ${runId}`),
    ...[...manifests.keys()].filter((key) => !keys.has(key)).map((key) => `unexpected manifest ${key}`),
  ];
}
