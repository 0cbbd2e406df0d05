import { resolveParameters } from '../../functions/models/parameters.ts';
import { DEFAULT_MODEL, modelNamed } from '../../functions/models/registry.ts';
import { submitEnvironment } from './environment.ts';
import type { Settings } from './settings.ts';

/** Which setting names what the key encrypts. */
export const KEYS_OF = [
  ['uploadBucketKeyArn', 'uploadBucketName'],
  ['assetBucketKeyArn', 'assetBucketName'],
  ['secretKeyArn', 'scenarioSecretArn'],
] as const;

/** The first settings that are valid alone but not together, as a sentence. Undefined if all fit. */
export function conflictIn(settings: Settings): string | undefined {
  const { uploadBucketName, assetBucketName, maxCuPerDay, maxCuPerRun } = settings;
  if (uploadBucketName !== undefined && uploadBucketName === assetBucketName)
    return 'the upload bucket and the asset bucket must differ: every model would become an upload';
  if (maxCuPerDay !== 'none' && maxCuPerDay < maxCuPerRun)
    return `maxCuPerDay: ${maxCuPerDay} is less than maxCuPerRun, ${maxCuPerRun}: an expensive image would wait forever`;
  for (const [key, owner] of KEYS_OF)
    if (settings[key] !== undefined && settings[owner] === undefined)
      return `${key} needs ${owner}: a new one is not encrypted with a key of yours`;
  const { accessLogBucketName: logs } = settings;
  if (logs !== undefined && uploadBucketName !== undefined && assetBucketName !== undefined)
    return 'accessLogBucketName needs a new bucket: turn on the access logs of your own buckets yourself';
  if (logs !== undefined && (logs === uploadBucketName || logs === assetBucketName))
    return 'accessLogBucketName must be another bucket: logs would become uploads, or lie among the models';
  return parameterConflict(settings) ?? slashConflict(settings) ?? sizeConflict(settings);
}

/** Keys do not begin with a slash. */
function slashConflict({ presets, ignorePrefixes }: Settings): string | undefined {
  const slashed = [...Object.keys(presets), ...ignorePrefixes].find((prefix) => prefix.startsWith('/'));
  if (slashed === undefined) return undefined;
  return `"${slashed}" matches no key, because keys do not begin with a slash: use "${slashed.replace(/^\/+/, '')}"`;
}

/** Tries the parameters of each folder, and those of no folder. */
function parameterConflict({ model: modelName, defaults, presets }: Settings): string | undefined {
  const model = modelNamed(modelName) ?? DEFAULT_MODEL;
  const seen = new Set<string>();
  for (const folder of ['', ...Object.keys(presets)]) {
    const name = folder.replace(/\/+$/, '');
    if (seen.has(name))
      return `presets.${folder}: ${name === '' ? 'the folder has no name; use defaults for all uploads' : 'the folder is listed twice'}`;
    seen.add(name);
    const resolved = resolveParameters(model, `${name}/image.png`, {}, { defaults, presets });
    if ('failure' in resolved) return `${name === '' ? 'defaults' : `presets.${folder}`}: ${resolved.failure.reason}`;
  }
  return undefined;
}

/** Lambda allows 4 KB for all variables of a function. The others hold names, URLs, and ARNs. */
const MAX_BYTES = 3 * 1024;

function sizeConflict(settings: Settings): string | undefined {
  // Lambda counts the variables as JSON: a quotation mark in a value takes two bytes.
  const bytes = Buffer.byteLength(
    JSON.stringify({ ...submitEnvironment(settings), RESULT_HOSTS: JSON.stringify(settings.resultHosts) }),
  );
  if (bytes <= MAX_BYTES) return undefined;
  return `defaults, presets, ignorePrefixes, ignoreNames, and the other lists take ${bytes} bytes together; at most ${MAX_BYTES} fit`;
}
