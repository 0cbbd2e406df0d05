import { closestMatch } from 'leven';
import { type Failure, failure } from '../contract/failures.ts';
import { type MetadataAllowed, type OnDuplicate, onDuplicateSchema } from '../contract/options.ts';
import { HEIGHT_KEY, MODEL_KEY, ON_DUPLICATE_KEY, OWN_KEYS, OWN_PREFIX, parameterKeys } from './metadata-keys.ts';
import { whyNotHeight } from './height.ts';
import type { Model } from './model.ts';

/** What an upload asks for, besides the parameters of its model. */
export interface UploadOptions {
  readonly model: Model;
  readonly onDuplicate: OnDuplicate;
}

/** What the deployment says about the metadata of uploads. */
interface MetadataSettings {
  readonly models: readonly Model[];
  readonly metadataAllowed: MetadataAllowed;
  /** Used if an upload's metadata does not set them. */
  readonly options: UploadOptions;
}

type Metadata = Readonly<Record<string, string>>;

/**
 * Reads the metadata of an upload that concerns Meshdrop. Refuses a key that is nearly one of ours, because the wrong
 * model would be paid for. Other keys are ignored.
 *
 * @param metadata user metadata of the object, as `{ 'meshdrop-on-duplicate': 'reuse' }`
 * @returns the options, and the metadata with the keys as they are documented
 */
export function readUploadOptions(
  given: Metadata,
  { options, models, metadataAllowed }: MetadataSettings,
): (UploadOptions & { readonly metadata: Metadata }) | { readonly failure: Failure } {
  const prefixes = [OWN_PREFIX, ...models.map(({ metadataPrefix }) => metadataPrefix)];
  const known = [...OWN_KEYS, ...models.flatMap(parameterKeys)];
  const metadata: Record<string, string> = {};
  for (const [written, value] of Object.entries(given)) {
    const key = normalized(written);
    const isOurs = prefixes.some((prefix) => key.startsWith(prefix));
    const meant = isOurs ? undefined : nearest(key, known);
    if (meant !== undefined) return unknownParameter(`${written}: did you mean ${meant}?`);
    if (!isOurs) continue;
    if (metadata[key] !== undefined) return unknownParameter(`${written}: ${key} is set twice`);
    if (metadataAllowed === 'none' || (metadataAllowed !== 'all' && !metadataAllowed.includes(key)))
      return { failure: { ...failure('unknown-parameter', notAllowed(key, metadataAllowed)), hint: NOT_ALLOWED_HINT } };
    metadata[key] = value;
  }
  const wrong = Object.keys(metadata).find((key) => key.startsWith(OWN_PREFIX) && !OWN_KEYS.includes(key));
  if (wrong !== undefined) return unknownParameter(describeUnknown(wrong));
  const onDuplicate = onDuplicateSchema.safeParse(plain(metadata[ON_DUPLICATE_KEY]) ?? options.onDuplicate);
  if (!onDuplicate.success) return refuse(ON_DUPLICATE_KEY, metadata, onDuplicateSchema.options);
  const name = plain(metadata[MODEL_KEY]) ?? options.model.name;
  const model = models.find((one) => one.name === name);
  const names = models.map((one) => one.name);
  if (!model) return refuse(MODEL_KEY, metadata, names);
  const height = metadata[HEIGHT_KEY];
  const problem = height === undefined ? undefined : whyNotHeight(height);
  if (problem !== undefined) return { failure: failure('bad-parameter', problem) };
  return findStray(metadata, model, models) ?? { model, onDuplicate: onDuplicate.data, metadata };
}

/** `Tripo_Face_Limit` and `x-amz-meta-tripo-face-limit` mean `tripo-face-limit`. */
function normalized(key: string): string {
  return key
    .toLowerCase()
    .replaceAll(/[_.\s]+/g, '-')
    .replace(/^(x-amz-meta-)+/, '');
}

function plain(value: string | undefined): string | undefined {
  return value?.trim().toLowerCase();
}

/** Our key that somebody has probably meant. */
function nearest(key: string, known: readonly string[]): string | undefined {
  const squashed = key.replaceAll('-', '');
  return known.find((one) => one.replaceAll('-', '') === squashed) ?? closestMatch(key, [...known], { maxDistance: 2 });
}

function notAllowed(key: string, allowed: MetadataAllowed): string {
  const those = Array.isArray(allowed) && allowed.length > 0 ? allowed.join(', ') : 'none';
  return `${key}: this deployment does not allow this metadata key (allowed: ${those})`;
}

const NOT_ALLOWED_HINT =
  'remove the metadata key and upload the image again, or ask the team to allow it (metadataAllowed)';

/** Otherwise, a parameter of another model would be ignored silently. */
function findStray(metadata: Metadata, model: Model, models: readonly Model[]) {
  for (const { name, metadataPrefix } of models) {
    const key =
      metadataPrefix !== model.metadataPrefix && Object.keys(metadata).find((one) => one.startsWith(metadataPrefix));
    if (key)
      return unknownParameter(`${key}: this key is for the model ${name}, and the upload asks for ${model.name}`);
  }
  return undefined;
}

function describeUnknown(key: string): string {
  const near = closestMatch(key, [...OWN_KEYS], { maxDistance: 4 });
  const meant = near ? `, did you mean ${near}?` : '';
  return `${key}: there is no such key${meant} (known: ${OWN_KEYS.join(', ')})`;
}

function unknownParameter(problem: string) {
  return { failure: failure('unknown-parameter', problem) };
}

function refuse(key: string, metadata: Metadata, allowed: readonly string[]) {
  return {
    failure: failure('bad-parameter', `${key}: "${metadata[key]}" is not allowed; use ${allowed.join(' or ')}`),
  };
}
