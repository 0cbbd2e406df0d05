import { isIgnored, readIgnored } from '../../functions/run/ignored.ts';
import { metadataKey } from '../../functions/models/metadata-keys.ts';
import { resolveParameters } from '../../functions/models/parameters.ts';
import { readUploadOptions } from '../../functions/models/upload-options.ts';
import { whyTemporary, whyWrongSide, whyWrongSize } from '../../functions/submit-job/judge-image.ts';
import { readUploadSettings, UPLOAD_SETTINGS } from '../../functions/submit-job/upload-settings.ts';
import { readEnv } from '../../functions/platform/env.ts';
import { runIdOf } from '../../functions/run/upload.ts';
import { BadCallError } from './bad-call.ts';
import type { PageCall } from './page.ts';
import { type PageTools, variablesOf } from './page-tools.ts';

/** Why an upload cannot become a model. */
interface Problem {
  readonly reason: string;
  readonly hint?: string | undefined;
}

/** What the page needs to know to ask for parameters: the model as data, and the settings of the deployment. */
export function describeModel({ template, standIn }: PageTools) {
  const { options, parameterSettings, metadataAllowed, maxCuPerRun } = settingsIn(template);
  const { model, onDuplicate } = options;
  const keys = Object.fromEntries(Object.keys(model.inputs).map((name) => [name, metadataKey(model, name)]));
  return { ...model, keys, ...parameterSettings, metadataAllowed, onDuplicate, maxCuPerRun, standIn };
}

function settingsIn(template: PageTools['template']) {
  return readUploadSettings(readEnv(UPLOAD_SETTINGS, variablesOf(template, 'SubmitJob')));
}

/**
 * Says whether an upload can become a model, before a byte of it is sent: `/checks/chairs/oak.png?bytes=5&width=…`, with
 * its metadata as `x-amz-meta-…`. Unknown is fine.
 */
export function checkUpload(
  { names: [key = ''], query, request }: PageCall,
  { template }: PageTools,
): {
  readonly problem: Problem | null;
} {
  const settings = settingsIn(template);
  const metadata = metadataIn(request.headers);
  const chosen = readUploadOptions(metadata, settings);
  if ('failure' in chosen) return { problem: chosen.failure };
  const { image } = chosen.model;
  const numberOf = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined);
  const [bytes, width, height] = [numberOf('bytes'), numberOf('width'), numberOf('height')];
  const resolved = resolveParameters(chosen.model, key, chosen.metadata, settings.parameterSettings);
  const failure =
    whyTemporary(key) ??
    (bytes === undefined ? undefined : whyWrongSize(bytes, image.maxBytes)) ??
    (width === undefined || height === undefined ? undefined : whyWrongSide({ width, height }, image)) ??
    ('failure' in resolved ? resolved.failure : undefined);
  if (failure) return { problem: failure };
  const ignored = readIgnored({
    IGNORED: variablesOf(template, 'SubmitJob')['IGNORED'] ?? '{"prefixes":[],"names":[]}',
  });
  if (isIgnored(key, ignored))
    return { problem: { reason: 'Meshdrop ignores files with this name or in this folder', hint: 'rename it' } };
  return { problem: null };
}

/** A larger upload could fill the disk. Each model accepts far less. */
const MAX_UPLOAD_BYTES = 200_000_000;
const META = 'x-amz-meta-';

/** Puts the body into the upload bucket: `/uploads/chairs/oak.png`. The header x-meshdrop-run has the ID of the run. */
export async function acceptUpload(
  { names: [key = ''], request, response }: PageCall,
  { meshdrop }: PageTools,
): Promise<void> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_UPLOAD_BYTES)
    throw new BadCallError(`the file is too large: at most ${MAX_UPLOAD_BYTES.toLocaleString('en')} bytes`, 413);
  const { uploadBucket: bucket, store } = meshdrop;
  const metadata = metadataIn(request.headers);
  const { versionId } = await store.put(bucket, key, bounded(request), { metadata });
  response.setHeader('x-meshdrop-run', runIdOf({ bucket, key, versionId }));
}

async function* bounded(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > MAX_UPLOAD_BYTES)
      throw new BadCallError(`the file is too large: at most ${MAX_UPLOAD_BYTES.toLocaleString('en')} bytes`, 413);
    yield piece;
  }
}

function metadataIn(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const own = Object.entries(headers).filter(([name]) => name.startsWith(META));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(META.length), String(value)]));
}
