import { closestMatch } from 'leven';
import { type Failure, failure } from '../contract/failures.ts';
import { type OnDuplicate, onDuplicateSchema } from '../contract/options.ts';
import type { Model } from '../models/model.ts';

/** What an upload's metadata sets besides the parameters of its model. */
export interface UploadOptions {
  readonly model: Model;
  readonly onDuplicate: OnDuplicate;
}

const PREFIX = 'meshdrop-';
const ON_DUPLICATE = `${PREFIX}on-duplicate`;
const MODEL = `${PREFIX}model`;
const KEYS = [ON_DUPLICATE, MODEL];

/**
 * Reads the `meshdrop-…` metadata of an upload. The deployment sets the rest.
 *
 * @param metadata user metadata of the object, keys in lower case, as `{ 'meshdrop-on-duplicate': 'reuse' }`
 */
export function readUploadOptions(
  metadata: Readonly<Record<string, string>>,
  deployment: UploadOptions,
  models: readonly Model[],
): UploadOptions | { readonly failure: Failure } {
  const unknown = Object.keys(metadata).find((key) => key.startsWith(PREFIX) && !KEYS.includes(key));
  if (unknown !== undefined) return { failure: failure('unknown-parameter', describeUnknown(unknown)) };
  const onDuplicate = metadata[ON_DUPLICATE]?.trim().toLowerCase() ?? deployment.onDuplicate;
  const parsed = onDuplicateSchema.safeParse(onDuplicate);
  if (!parsed.success) return refuse(ON_DUPLICATE, metadata, onDuplicateSchema.options);
  const name = metadata[MODEL]?.trim().toLowerCase() ?? deployment.model.name;
  const model = models.find((one) => one.name === name);
  if (!model)
    return refuse(
      MODEL,
      metadata,
      models.map((one) => one.name),
    );
  const stray = findStray(metadata, model, models);
  return stray ?? { model, onDuplicate: parsed.data };
}

/** Otherwise, a parameter of another model would be ignored silently. */
function findStray(metadata: Readonly<Record<string, string>>, model: Model, models: readonly Model[]) {
  for (const { name, metadataPrefix } of models) {
    const key =
      metadataPrefix !== model.metadataPrefix && Object.keys(metadata).find((one) => one.startsWith(metadataPrefix));
    if (!key) continue;
    const problem = `${key}: this key is for the model ${name}, and the upload asks for ${model.name}`;
    return { failure: failure('unknown-parameter', problem) };
  }
  return undefined;
}

function describeUnknown(key: string): string {
  const near = closestMatch(key, KEYS, { maxDistance: 4 });
  const meant = near ? `, did you mean ${near}?` : '';
  return `${key}: there is no such key${meant} (known: ${KEYS.join(', ')})`;
}

function refuse(key: string, metadata: Readonly<Record<string, string>>, allowed: readonly string[]) {
  const problem = `${key}: "${metadata[key]}" is not allowed; use ${allowed.join(' or ')}`;
  return { failure: failure('bad-parameter', problem) };
}
