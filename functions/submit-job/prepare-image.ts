import type { Failure } from '../contract/failures.ts';
import type { Parameters, Upload } from '../contract/schemas.ts';
import type { Model } from '../models/model.ts';
import { type ParameterSettings, resolveParameters } from '../models/parameters.ts';
import type { Outcome } from '../run/conclude.ts';
import { findResult } from '../run/reuse-index.ts';
import type { Runs } from '../run/runs.ts';
import type { AnnouncedUpload } from '../run/upload.ts';
import { readImage } from './read-image.ts';
import type { Submission } from './submission.ts';
import { readUploadOptions, type UploadOptions } from './upload-options.ts';

/** An image that can be submitted. */
export interface PreparedImage {
  readonly bytes: Uint8Array;
  readonly upload: Upload;
  readonly model: Model;
  readonly parameters: Parameters;
}

/** An upload that ends here: what is known of it, and how it ends. */
export interface EndedEarly {
  readonly seen: { readonly upload: Upload; readonly modelId?: string; readonly parameters?: Parameters };
  readonly outcome: Outcome;
}

/**
 * Does everything before the claim, which costs nothing: reads the image, resolves its parameters, and looks for a
 * result to reuse.
 */
export async function prepareImage(
  announced: AnnouncedUpload,
  { s3, runs, settings }: Submission,
): Promise<PreparedImage | EndedEarly> {
  const { options, models, parameterSettings } = settings;
  const found = await readImage(announced, s3, (metadata) => limitsFor(metadata, settings));
  const { upload } = found;
  if (found.kind === 'gone') return { seen: { upload }, outcome: { phase: 'failed', failure: found.failure } };
  if (found.kind === 'unusable') return reject({ upload }, found.failure);
  const { bytes, metadata } = found;
  const chosen = readUploadOptions(metadata, options, models);
  if ('failure' in chosen) return reject({ upload }, chosen.failure);
  const { model, onDuplicate } = chosen;
  const resolved = resolveParameters(model, upload.key, metadata, ofModel(model, parameterSettings, options));
  if ('failure' in resolved) return reject({ upload, modelId: model.id }, resolved.failure);
  const { parameters } = resolved;
  const earlier = onDuplicate === 'reuse' && (await findEarlier(upload, model, parameters, runs));
  if (earlier) return { seen: { upload, modelId: model.id, parameters }, outcome: earlier };
  return { bytes, upload, model, parameters };
}

function limitsFor(metadata: Readonly<Record<string, string>>, { options, models }: Submission['settings']) {
  const chosen = readUploadOptions(metadata, options, models);
  return ('failure' in chosen ? options : chosen).model.image;
}

/** Defaults and presets apply only to the deployment's own model. */
function ofModel(model: Model, settings: ParameterSettings, options: UploadOptions): ParameterSettings {
  return model === options.model ? settings : { defaults: {}, presets: {} };
}

function reject(seen: EndedEarly['seen'], failure: Failure): EndedEarly {
  return { seen, outcome: { phase: 'rejected', failure } };
}

async function findEarlier(
  { sha256 }: Upload,
  { id: modelId }: Model,
  parameters: Parameters,
  runs: Runs,
): Promise<Outcome | undefined> {
  const earlier = sha256 && (await findResult({ modelId, sha256, parameters }, runs));
  if (!earlier) return undefined;
  const { phase, runId, jobId, submittedAt, jobFinishedAt, assets, missing } = earlier;
  return { phase, assets, missing, cu: 0, reusedFrom: runId, jobId, submittedAt, jobFinishedAt };
}
