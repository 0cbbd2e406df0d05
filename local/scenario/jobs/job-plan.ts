import type { FaultOf } from '../moods/faults.ts';
import type { StandInOptions } from '../moods/options.ts';
import type { AssetRecord, JobRecord, Recipe, TripoInputs } from '../records.ts';
import type { World } from '../world.ts';

/** What is known when the API accepts a job. */
export interface Submission {
  readonly modelId: string;
  /** The inputs as sent, and their equivalents in Tripo's terms. */
  readonly sent: Readonly<Record<string, unknown>>;
  readonly inputs: TripoInputs;
  readonly cu: number;
  readonly recipe: Recipe;
  /** Why the provider will fail the job. */
  readonly objection: string | undefined;
  readonly fault: FaultOf<'job'> | undefined;
}

/** A job with its planned future, and the assets that it will make. */
export interface JobPlan {
  readonly job: JobRecord;
  readonly assets: readonly AssetRecord[];
}

/** Each status, and the fraction of the job's duration after which it begins. */
const PHASES = [
  ['warming-up', 0.04],
  ['in-progress', 0.12],
  ['finalizing', 0.94],
] as const;
/** A failing job fails after this fraction of its duration. */
const FAILS_AT = 0.6;

/** Decides everything that will happen to a job when the job starts. */
export function planJob(submission: Submission, world: World): JobPlan {
  const { modelId, sent, inputs, cu, recipe, objection, fault } = submission;
  const number = world.jobs.all().length + 1;
  const createdAt = world.now() + (fault?.what === 'refused-but-taken' ? fault.lateSeconds * 1000 : 0);
  const options = world.settings.options();
  const outcome = outcomeOf(objection, fault);
  const steps = stepsOf(
    createdAt,
    durationMs(world, options) * (outcome === 'success' ? 1 : FAILS_AT),
    outcome,
    fault,
    options,
  );
  const id = world.newId('job');
  const assets =
    outcome === 'success' || (fault?.what === 'fails' && fault.partial)
      ? assetsOf(id, inputs, steps.at(-1)?.at ?? createdAt, fault, world)
      : [];
  return {
    assets,
    job: {
      id,
      number,
      type: 'custom',
      createdAt,
      steps,
      modelId,
      sent,
      inputs,
      cu,
      assetIds: listedIds(assets, fault, options),
      ...failureOf(objection, fault),
      isRefundable: fault?.what !== 'fails' || fault.refund,
      ...(fault?.what === 'progress-stuck' && { progress: 'stuck' as const }),
      ...(fault?.what === 'progress-over-one' && { progress: 'over-one' as const }),
      ...(fault?.what === 'lost-job' && { isLost: true }),
      recipe,
    },
  };
}

function outcomeOf(objection: string | undefined, fault: FaultOf<'job'> | undefined): string {
  if (fault?.what === 'canceled') return 'canceled';
  return objection !== undefined || fault?.what === 'fails' ? 'failure' : 'success';
}

function failureOf(objection: string | undefined, fault: FaultOf<'job'> | undefined) {
  if (fault?.what === 'fails') return { error: fault.error, hint: fault.hint };
  return objection === undefined ? {} : { error: objection, hint: 'Check the parameters and the input image.' };
}

function stepsOf(
  createdAt: number,
  lastsMs: number,
  outcome: string,
  fault: FaultOf<'job'> | undefined,
  { firstStatus }: StandInOptions,
): JobRecord['steps'] {
  const phases = outcome === 'success' ? PHASES : PHASES.slice(0, 2);
  return [
    { status: firstStatus, at: createdAt },
    ...phases.map(([status, share]) => ({
      status: fault?.what === 'unknown-status' && status === 'in-progress' ? fault.word : status,
      at: Math.round(createdAt + share * lastsMs),
    })),
    { status: outcome, at: Math.round(createdAt + lastsMs) },
  ];
}

/** 95% of a normal distribution lies below 1.645 standard deviations. */
const Z_95 = 1.645;

function durationMs(world: World, { jobSeconds, jobSecondsP95, jobSecondsByJob }: StandInOptions): number {
  const models = world.jobs.all().filter((job) => job.type === 'custom').length;
  const scripted = jobSecondsByJob[models];
  if (scripted !== undefined) return scripted * 1000;
  if (jobSecondsP95 === undefined || jobSeconds === 0) return jobSeconds * 1000;
  const spread = Math.log(jobSecondsP95 / jobSeconds) / Z_95;
  const normal = Math.sqrt(-2 * Math.log(1 - world.random())) * Math.cos(2 * Math.PI * world.random());
  return jobSeconds * Math.exp(spread * normal) * 1000;
}

/**
 * Returns the assets of a job: the model first, or second after an image with `extraWebpFirst`. Preview and thumbnail
 * are available only through the model.
 */
function assetsOf(
  jobId: string,
  inputs: TripoInputs,
  endsAt: number,
  fault: FaultOf<'job'> | undefined,
  world: World,
): AssetRecord[] {
  const { previewId, thumbnailId } = { previewId: world.newId('asset'), thumbnailId: world.newId('asset') };
  const extension = inputs.quad === true ? 'fbx' : 'glb';
  const shared = {
    source: 'img23d',
    createdAt: endsAt,
    existsFrom: endsAt,
    readyFrom: endsAt + (fault?.what === 'asset-pending' ? fault.seconds * 1000 : 0),
    ...(fault?.what === 'asset-error' && { isBroken: true }),
  };
  const picture = (id: string, file: 'preview' | 'thumbnail'): AssetRecord => ({
    ...shared,
    id,
    kind: 'image',
    mimeType: file === 'preview' ? 'image/webp' : 'image/jpeg',
    extension: file === 'preview' ? 'webp' : 'jpg',
    name: file,
    made: { jobId, file, outputIndex: 1, previewId, thumbnailId },
  });
  const model: AssetRecord = {
    ...shared,
    id: world.newId('asset'),
    kind: '3d',
    mimeType: extension === 'glb' ? 'model/gltf-binary' : 'application/octet-stream',
    extension,
    name: `model.${extension}`,
    made: { jobId, file: 'model', outputIndex: 0, previewId, thumbnailId },
  };
  return [
    model,
    picture(world.newId('asset'), 'preview'),
    picture(previewId, 'preview'),
    picture(thumbnailId, 'thumbnail'),
  ];
}

function listedIds(
  [model, extra]: readonly AssetRecord[],
  fault: FaultOf<'job'> | undefined,
  { extraWebpFirst }: StandInOptions,
): string[] {
  if (model === undefined || extra === undefined || fault?.what === 'no-assets') return [];
  // A failed job leaves some assets, but not the model.
  if (fault?.what === 'fails') return [extra.id];
  return extraWebpFirst ? [extra.id, model.id] : [model.id];
}
