import { closestMatch } from 'leven';
import * as z from 'zod';
import { type Failure, failure } from '../contract/failures.ts';
import { type Parameters, parametersSchema } from '../contract/schemas.ts';
import { findConflict, findRange, withDefaults } from './combine.ts';
import { metadataKey } from './metadata-keys.ts';
import type { Input, Model } from './model.ts';

/** The parameters of a deployment: its defaults, and folder presets by key prefix (`chairs/`). */
export const parameterSettingsSchema = z.strictObject({
  defaults: parametersSchema,
  presets: z.record(z.string(), parametersSchema),
});
export type ParameterSettings = z.infer<typeof parameterSettingsSchema>;

type Value = Parameters[string];

export type Resolved = { readonly parameters: Parameters } | { readonly failure: Failure };

/** The schema of a model's parameters in settings. All are optional. */
export function settingsSchemaOf({ inputs }: Model) {
  const shape = Object.entries(inputs).map(([name, input]) => [name, schemaOf(input).optional()]);
  return z.strictObject(Object.fromEntries(shape) as Record<string, z.ZodType<Value>>);
}

function schemaOf(input: Input): z.ZodType<Value> {
  if (input.kind === 'boolean') return z.boolean();
  if (input.kind === 'choice') return z.enum(input.options);
  return z
    .int()
    .min(input.min)
    .max(input.max ?? Number.MAX_SAFE_INTEGER);
}

/**
 * Resolves the parameters of one upload. From weakest to strongest: model defaults, deployment defaults, the longest
 * matching folder preset, the object's metadata. Returns the first problem, with the key, the value, and what is allowed.
 *
 * @param metadata user metadata of the object, keys in lower case, as `{ 'tripo-face-limit': '5000' }`
 */
export function resolveParameters(
  model: Model,
  key: string,
  metadata: Readonly<Record<string, string>>,
  { defaults, presets }: ParameterSettings,
): Resolved {
  const ofUpload = readMetadata(model, metadata);
  if (ofUpload.failure) return ofUpload;
  const preset = findPreset(key, presets);
  const explicit = { ...defaults, ...preset?.settings, ...ofUpload.settings };
  const sourceOf = (name: string) => {
    if (name in ofUpload.settings) return metadataKey(model, name);
    return preset && name in preset.settings ? `${name} (of folder ${preset.folder})` : `${name} (of the deployment)`;
  };
  return combine(model, explicit, sourceOf);
}

/** Compares letters, not bytes: the file names of a Mac write `é` as two characters. */
export function isBelow(key: string, prefix: string): boolean {
  return key.normalize('NFC').startsWith(prefix.normalize('NFC'));
}

function findPreset(key: string, presets: ParameterSettings['presets']) {
  const matching = Object.entries(presets)
    .map(([folder, settings]) => ({ folder: folder.endsWith('/') ? folder : `${folder}/`, settings }))
    .filter(({ folder }) => isBelow(key, folder));
  return matching.sort((a, b) => b.folder.length - a.folder.length)[0];
}

function readMetadata(model: Model, metadata: Readonly<Record<string, string>>) {
  const named = Object.entries(model.inputs).map(([name, input]) => ({ key: metadataKey(model, name), name, input }));
  const inputs = new Map(named.map((one) => [one.key, one]));
  const settings: Record<string, Value> = {};
  for (const [key, text] of Object.entries(metadata)) {
    if (!key.startsWith(model.metadataPrefix)) continue;
    const found = inputs.get(key);
    if (!found) return { failure: failure('unknown-parameter', describeUnknown(model, key, [...inputs.keys()])) };
    const value = parseValue(found.input, text);
    const problem = `${key}: "${text}" is not allowed; use ${describeAllowed(found.input)}`;
    if (value === undefined) return { failure: failure('bad-parameter', problem) };
    settings[found.name] = value;
  }
  return { settings };
}

function describeUnknown(model: Model, key: string, known: readonly string[]): string {
  if (key === metadataKey(model, model.imageInput)) return `${key}: the upload itself is the image; remove this key`;
  const { length } = model.metadataPrefix;
  const name = key.slice(length);
  const names = known.map((one) => one.slice(length));
  const near = closestMatch(name, names, { maxDistance: Math.ceil(name.length / 3) });
  const meant = near ? `, did you mean ${model.metadataPrefix}${near}?` : '';
  return `${key}: there is no such parameter${meant} (known: ${known.join(', ')})`;
}

/** Undefined if the text is not a valid value of the input. */
function parseValue(input: Input, text: string): Value | undefined {
  const plain = text.trim();
  const lower = plain.toLowerCase();
  const candidates: Value[] = [plain];
  if (lower === 'true' || lower === 'false') candidates.push(lower === 'true');
  if (/^\d{1,15}$/.test(plain)) candidates.push(Number(plain));
  return candidates.find((candidate) => schemaOf(input).safeParse(candidate).success);
}

function describeAllowed(input: Input): string {
  if (input.kind === 'boolean') return 'true or false';
  if (input.kind === 'choice') return input.options.join(', ');
  return `a whole number${input.max === undefined ? `, at least ${input.min}` : ` from ${input.min} to ${input.max}`}`;
}

/** Adds the defaults. Refuses values that exclude each other or are out of range. */
function combine(model: Model, explicit: Parameters, sourceOf: (name: string) => string): Resolved {
  const parameters = withDefaults(model, explicit);
  const conflict = findConflict(model, parameters, explicit);
  if (conflict) {
    const [one, other] = conflict.names.map((name) => `${sourceOf(name)}=${String(parameters[name])}`);
    return { failure: failure('parameter-conflict', `${one} and ${other} exclude each other: ${conflict.why}`) };
  }
  for (const [name, value] of Object.entries(parameters)) {
    const range = findRange(model, name, parameters);
    if (!range || (Number(value) >= range.min && Number(value) <= range.max)) continue;
    const allowed = `${range.min.toLocaleString('en')} to ${range.max.toLocaleString('en')}`;
    const problem = `${sourceOf(name)}: ${String(value)} is not allowed; ${range.where} use ${allowed}`;
    return { failure: failure('bad-parameter', problem) };
  }
  return { parameters };
}
