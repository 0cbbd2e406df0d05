import type { Failure } from '../contract/failures.ts';
import type { OnDuplicate } from '../contract/options.ts';
import type { Parameters, Upload } from '../contract/schemas.ts';
import { HEIGHT_KEY } from '../models/metadata-keys.ts';
import type { Model } from '../models/model.ts';
import { type ParameterSettings, resolveParameters } from '../models/parameters.ts';
import { readUploadOptions, type UploadOptions } from '../models/upload-options.ts';
import type { Outcome } from '../run/conclude.ts';
import type { AnnouncedUpload } from '../run/upload.ts';
import { carriedMetadata } from './carried-metadata.ts';
import { whyTemporary } from './judge-image.ts';
import { readImage, toUpload } from './read-image.ts';
import type { Submission } from './submission.ts';

/** An image that can be submitted. */
export interface PreparedImage {
  readonly bytes: Uint8Array;
  readonly upload: Upload;
  readonly model: Model;
  readonly parameters: Parameters;
  readonly onDuplicate: OnDuplicate;
}

/** An upload that ends here: what is known of it, and how it ends. */
export interface EndedEarly {
  readonly seen: { readonly upload: Upload; readonly modelId?: string; readonly parameters?: Parameters };
  readonly outcome: Outcome;
}

/** Does everything before the claim, which costs nothing: reads the image, and resolves its parameters. */
export async function prepareImage(
  announced: AnnouncedUpload,
  { s3, inspect, settings }: Submission,
): Promise<PreparedImage | EndedEarly> {
  const { options, parameterSettings } = settings;
  const temporary = whyTemporary(announced.key);
  if (temporary) return reject({ upload: toUpload(announced) }, temporary);
  const found = await readImage(announced, { s3, inspect }, (metadata) => limitsFor(metadata, settings));
  const carried = carriedMetadata(('metadata' in found && found.metadata) || {}, settings.carryMetadata);
  const upload = { ...found.upload, ...(carried && { metadata: carried }) };
  if (found.kind === 'gone') return { seen: { upload }, outcome: { phase: 'failed', failure: found.failure } };
  if (found.kind === 'unusable') return reject({ upload }, found.failure);
  const { bytes } = found;
  const chosen = readUploadOptions(found.metadata, settings);
  if ('failure' in chosen) return reject({ upload }, chosen.failure);
  const { model, onDuplicate } = chosen;
  const resolved = resolveParameters(model, upload.key, chosen.metadata, ofModel(model, parameterSettings, options));
  if ('failure' in resolved) return reject({ upload, modelId: model.id }, resolved.failure);
  const { parameters } = resolved;
  const height = chosen.metadata[HEIGHT_KEY];
  // The renditions need it long after the upload may be gone.
  const sized = height === undefined ? upload : { ...upload, metadata: { ...carried, [HEIGHT_KEY]: height } };
  return { bytes, upload: sized, model, parameters, onDuplicate };
}

function limitsFor(metadata: Readonly<Record<string, string>>, settings: Submission['settings']) {
  const chosen = readUploadOptions(metadata, settings);
  return ('failure' in chosen ? settings.options : chosen).model.image;
}

/** Defaults and presets apply only to the deployment's own model. */
function ofModel(model: Model, settings: ParameterSettings, options: UploadOptions): ParameterSettings {
  return model === options.model ? settings : { defaults: {}, presets: {} };
}

function reject(seen: EndedEarly['seen'], failure: Failure): EndedEarly {
  return { seen, outcome: { phase: 'rejected', failure } };
}
