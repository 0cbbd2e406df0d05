import { isFinal } from '../../functions/run/record.ts';
import { DETAIL_TYPES } from '../../functions/run/event.ts';
import type { Dropped, World } from './world.ts';
import { manifestKey } from '../../functions/run/keys.ts';

/** Whether nobody has anything to do any more. */
export function isSettled(world: World): boolean {
  if (world.clock.foreground() > 0) return false;
  world.ledger();
  return openEnds(world).length === 0;
}

/** What should be over by now and is not. Empty when every upload is answered once and for all, and nothing is left. */
export function openEnds(world: World): readonly string[] {
  const { lambda } = world;
  const { machine, queues } = world.aws;
  return [
    ...world.uploads.flatMap((upload) => unanswered(upload, world)),
    ...[...queues.values()].flatMap((queue) =>
      queue.messages().map(({ body }) => `a message is left in ${queue.name}: ${body}`),
    ),
    ...machine
      .list()
      .filter(({ status }) => status === 'RUNNING')
      .map(({ name }) => `the execution of ${name} still runs`),
    ...(lambda.running() > 0 ? [`${lambda.running()} invocations still run`] : []),
    ...strangers(world),
    ...buried(world),
  ];
}

function unanswered(upload: Dropped, world: World): readonly string[] {
  if (world.isUnknowable(upload)) return [];
  const { key, runId } = upload;
  const { records, manifests, announced } = world.invariants;
  const record = records.get(runId);
  if (!record) return [`${runId} has no record`];
  if (!isFinal(record)) return [`the record of ${runId} still says ${record.phase}`];
  const manifest = manifests.get(manifestKey(key, runId));
  if (!manifest) return [`${runId} has no manifest`];
  const { phase, finishedAt } = record;
  const agrees = manifest.status === phase && manifest.finishedAt === finishedAt;
  return [
    ...(agrees ? [] : [`the record of ${runId} says ${phase}, and its manifest ${manifest.status}`]),
    ...(announced.get(runId)?.has(DETAIL_TYPES[phase])
      ? []
      : [`"${DETAIL_TYPES[phase]}" of ${runId} is never announced`]),
  ];
}

/** Runs that were paid for and ended as if they had not been. */
function buried({ invariants: { records, payments } }: World): readonly string[] {
  return [...payments.keys()].flatMap((runId) => {
    const record = records.get(runId);
    const isKnown = record !== undefined && 'jobId' in record && record.jobId !== undefined;
    return isKnown ? [] : [`${runId} is paid, and its record says ${record?.phase ?? 'nothing'} without a job`];
  });
}

/** Documents of runs that nobody has asked for, and second ones. */
function strangers({ uploads, invariants: { records, manifests } }: World): readonly string[] {
  const runIds = new Set(uploads.map(({ runId }) => runId));
  const keys = new Set(uploads.map(({ key, runId }) => manifestKey(key, runId)));
  return [
    ...[...records.keys()].filter((runId) => !runIds.has(runId)).map((runId) => `nobody asked for ${runId}`),
    ...[...manifests.keys()].filter((key) => !keys.has(key)).map((key) => `nobody asked for ${key}`),
  ];
}
