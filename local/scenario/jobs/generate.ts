import { json, type Reply, Refusal } from '../answer.ts';
import { createImageAsset, dataUrlBytes, findAsset } from '../files/assets.ts';
import { type Call, objectIn } from '../call.ts';
import { tripoObjectionTo } from '../files/images.ts';
import { type JobPlan, planJob } from './job-plan.ts';
import { jobView } from './jobs.ts';
import { statusAt } from './ledger.ts';
import { creditsRefusal, ceilingRefusal, cooldownRefusal, takenRefusal } from '../moods/refusals.ts';
import { recipeFor } from '../files/results.ts';
import type { TripoInputs } from '../records.ts';
import { conflictIn, priceOf, readInputs } from './tripo-inputs.ts';
import { hasBegun, type World } from '../world.ts';

/**
 * `POST /generate/custom/{modelId}?dryRun=true`: validates the inputs in the same way and returns a price, but starts
 * no job.
 */
export async function dryRun(call: Call, world: World): Promise<Reply> {
  const options = world.settings.options();
  if (options.dryRunPays) return await generate(call, world);
  const { inputs } = await submissionIn(call, world);
  const price = priceOf(inputs, options.prices);
  if (options.dryRunStatus === 402) {
    return json(402, { statusCode: 402, message: 'Dry run completed', estimatedCost: price });
  }
  return json(options.dryRunStatus, {
    creativeUnitsCost: price,
    creativeUnitsDiscount: 0,
    costDetails: { 'custom-generation': price },
    job: {},
  });
}

/** `POST /generate/custom/{modelId}`: starts a job and charges for it. */
export async function generate(call: Call, world: World): Promise<Reply> {
  const { model, sent, inputs, image, objection } = await submissionIn(call, world);
  const { prices, chargeFactor } = world.settings.options();
  const cu = priceOf(inputs, prices) * chargeFactor;
  const recipe = recipeFor({ file: image.id, bytes: image.bytes }, inputs, world);

  // Nothing is awaited from here to `put`, so that two concurrent requests can't both take the last slot.
  refuseIfBusy(world);
  if (cu > world.settings.creditsLeft()) {
    world.tally.refusals.credits += 1;
    throw creditsRefusal(world.settings.options());
  }
  const fault = world.settings.faults().take('job', 'generate');
  const first = await started(planJob({ modelId: model.id, sent, inputs, cu, recipe, objection, fault }, world), world);
  if (fault?.what === 'two-jobs') {
    await started(planJob({ modelId: model.id, sent, inputs, cu, recipe, objection, fault }, world), world);
  }
  if (fault?.what === 'refused-but-taken') throw takenRefusal(fault);
  const submitted = jobView(first.job, first.job.createdAt, world);
  return json(200, { job: submitted, creativeUnitsCost: cu, creativeUnitsDiscount: 0 });
}

async function started(plan: JobPlan, world: World): Promise<JobPlan> {
  // Everything is in memory before the first await. The job is written to disk last, so a stored job always has its
  // assets.
  const assets = Promise.all(plan.assets.map((asset) => world.assets.put(asset)));
  await world.jobs.put(plan.job, assets);
  return plan;
}

async function submissionIn(call: Call, world: World) {
  const options = world.settings.options();
  const model = world.models.find(({ id }) => id === call.params['modelId']);
  if (!model) throw new Refusal(404, `Model ${call.params['modelId']} not found`);
  const sent = readInputs(model, await objectIn(call, options.bodyLimitBytes));
  const inputs = model.toTripo(sent);
  const conflict = conflictIn(inputs);
  if (conflict !== undefined && options.validatorRefusesCombinations) throw new Refusal(400, conflict);
  const image = await imageFor(inputs, world);
  const objection =
    conflict === undefined
      ? await tripoObjectionTo(image.bytes, image.mimeType)
      : `Tripo error 1004: invalid parameter: ${conflict}`;
  const imageField = model.fields.find(({ type }) => type === 'file')?.name ?? 'image';
  return {
    model,
    sent: { ...sent, [imageField]: image.id },
    inputs: { ...inputs, image: image.id },
    image,
    objection,
  };
}

/** Returns the input asset, which must exist, be an image, and be ready. */
async function imageFor({ image }: TripoInputs, world: World) {
  if (/^https?:/i.test(image)) {
    throw new Refusal(400, 'Missing required mimeType parameter for asset kind image');
  }
  const asset =
    image.startsWith('data:') && world.settings.options().acceptsDataUrls
      ? await createImageAsset({ bytes: dataUrlBytes(image), name: 'image' }, world)
      : findAsset(image, world);
  const age = world.now() - asset.createdAt;
  if (age < world.settings.options().inputVisibleAfterSeconds * 1000)
    throw new Refusal(404, `Asset ${image} not found`);
  if (asset.kind !== 'image' || asset.uploaded === undefined) {
    throw new Refusal(400, `"image" must be an asset of kind image: ${image}`);
  }
  return { id: asset.id, mimeType: asset.mimeType, bytes: await world.store.readFile(asset.id) };
}

function refuseIfBusy(world: World) {
  const { tally, settings } = world;
  const now = world.now();
  const options = settings.options();
  const models = world.jobs.all().filter((job) => job.type === 'custom' && hasBegun(job, now));
  if (now < tally.cooldownEnds) {
    tally.refusals.cooldown += 1;
    throw cooldownRefusal(Math.ceil((tally.cooldownEnds - now) / 1000), options);
  }
  if (options.cooldown !== null) {
    const since = Math.max(now - options.cooldown.perSeconds * 1000, tally.cooldownEnds);
    if (models.filter((job) => job.createdAt >= since).length >= options.cooldown.runs) {
      tally.cooldownEnds = now + options.cooldown.remainingSeconds * 1000;
      tally.refusals.cooldown += 1;
      throw cooldownRefusal(Math.ceil(options.cooldown.remainingSeconds), options);
    }
  }
  const running = models.filter((job) => !ENDED.includes(statusAt(job, now))).length;
  if (running >= options.concurrencyCeiling) {
    tally.refusals.ceiling += 1;
    throw ceilingRefusal(options.concurrencyCeiling);
  }
}

const ENDED = ['success', 'failure', 'canceled'];

/** Creates the answer of a successful submission that lacks the job ID. */
export function withoutJobId(): Reply {
  return json(200, { job: {}, creativeUnitsCost: 0, creativeUnitsDiscount: 0 });
}
