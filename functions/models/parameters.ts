import { closestMatch } from 'leven';
import * as z from 'zod';
import { type Failure, wrong } from '../contract/failures.ts';
import {
  faceLimitRange,
  modelDefaults,
  type ParameterName,
  type Parameters,
  parameterNames,
  parametersSchema,
  type Settings,
  settingsSchema,
} from './tripo-3-1.ts';

/** What a deployment says about parameters: its defaults, and folder presets by key prefix (`chairs/`). */
export const parameterSettingsSchema = z.strictObject({
  defaults: settingsSchema,
  presets: z.record(z.string(), settingsSchema),
});
export type ParameterSettings = z.infer<typeof parameterSettingsSchema>;

export type Resolved = { readonly parameters: Parameters } | { readonly failure: Failure };

const PREFIX = 'tripo-';

/**
 * The parameters of one upload: model defaults ‹ deployment defaults ‹ longest matching folder preset ‹ the object's
 * metadata. The first thing wrong is the answer: key, value, what is allowed, and what was probably meant.
 *
 * @param metadata user metadata of the object, keys in lower case, as `{ 'tripo-face-limit': '5000' }`
 */
export function resolveParameters(
  key: string,
  metadata: Readonly<Record<string, string>>,
  { defaults, presets }: ParameterSettings,
): Resolved {
  const spoken = readMetadata(metadata);
  if ('failure' in spoken) return spoken;
  const preset = presetOf(key, presets);
  const explicit: Settings = { ...defaults, ...preset?.settings, ...spoken.settings };
  const nameOf = (name: ParameterName) => {
    if (name in spoken.settings) return metadataKey(name);
    return preset && name in preset.settings
      ? `${name} (of folder ${preset.folder})`
      : `${name} (of the deployment)`;
  };
  return combine(explicit, nameOf);
}

function presetOf(key: string, presets: ParameterSettings['presets']) {
  const matching = Object.entries(presets)
    .map(([folder, settings]) => ({ folder: folder.endsWith('/') ? folder : `${folder}/`, settings }))
    .filter(({ folder }) => key.startsWith(folder));
  return matching.sort((a, b) => b.folder.length - a.folder.length)[0];
}

function metadataKey(name: ParameterName): string {
  return PREFIX + name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const byMetadataKey = new Map(parameterNames.map((name) => [metadataKey(name), name]));

function readMetadata(
  metadata: Readonly<Record<string, string>>,
): { readonly settings: Settings } | { readonly failure: Failure } {
  const settings: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(metadata)) {
    if (!key.startsWith(PREFIX)) continue;
    const name = byMetadataKey.get(key);
    if (!name) return wrong('unknown-parameter', unknownKey(key));
    const value = valueOf(name, text);
    if (value === undefined)
      return wrong('bad-parameter', `${key}: "${text}" is not allowed; use ${allowed(name)}`);
    settings[name] = value;
  }
  return { settings: settingsSchema.parse(settings) };
}

function unknownKey(key: string): string {
  const names = [...byMetadataKey.keys()].map((known) => known.slice(PREFIX.length));
  if (key === `${PREFIX}image`) return `${key}: the image is the upload itself; leave the key away`;
  const name = key.slice(PREFIX.length);
  const near = closestMatch(name, names, { maxDistance: Math.ceil(name.length / 3) });
  const meant = near ? `, did you mean ${PREFIX}${near}?` : '';
  return `${key}: there is no such parameter${meant} (known: ${names.map((known) => PREFIX + known).join(', ')})`;
}

/** Undefined when the text is no value of that parameter. */
function valueOf(name: ParameterName, text: string): unknown {
  const plain = text.trim();
  const lower = plain.toLowerCase();
  const candidates: unknown[] = [plain];
  if (lower === 'true' || lower === 'false') candidates.push(lower === 'true');
  if (/^\d{1,15}$/.test(plain)) candidates.push(Number(plain));
  return candidates.find((candidate) => parametersSchema.shape[name].safeParse(candidate).success);
}

const seedValues = 'a whole number from 0 to 2147483647';

function allowed(name: ParameterName): string {
  const example = modelDefaults[name];
  if (typeof example === 'boolean') return 'true or false';
  if (name === 'faceLimit') return 'a whole number, at least 1';
  if (name === 'seed' || name === 'textureSeed') return seedValues;
  return (parametersSchema.shape[name] as { options?: readonly string[] }).options?.join(', ') ?? '';
}

/** Fills up what was not said, then refuses what does not go together. */
function combine(explicit: Settings, nameOf: (name: ParameterName) => string): Resolved {
  const untextured = explicit.generateParts === true ? { texture: false, pbr: false } : {};
  const withoutPbr = explicit.texture === false ? { pbr: false } : {};
  const parameters = parametersSchema.parse({ ...modelDefaults, ...untextured, ...withoutPbr, ...explicit });
  const conflict = conflictIn(parameters, explicit);
  if (conflict) {
    const [one, other, why] = conflict;
    const told = (name: ParameterName) => `${nameOf(name)}=${String(parameters[name])}`;
    return wrong('parameter-conflict', `${told(one)} and ${told(other)} exclude each other: ${why}`);
  }
  const { min, max, where } = faceLimitRange(parameters);
  const faces = parameters.faceLimit;
  if (faces === undefined || (faces >= min && faces <= max)) return { parameters };
  const range = `${min.toLocaleString('en')} to ${max.toLocaleString('en')}`;
  return wrong('bad-parameter', `${nameOf('faceLimit')}: ${faces} is not allowed; ${where} use ${range}`);
}

const TEXTURE_OPTIONS = ['textureQuality', 'textureAlignment', 'textureSeed'] as const;

type Conflict = readonly [one: ParameterName, other: ParameterName, why: string];

/** The first two values that do not go together, by the model's documentation. */
function conflictIn(parameters: Parameters, explicit: Settings): Conflict | undefined {
  const { generateParts, smartLowPoly, texture, pbr, quad } = parameters;
  if (generateParts && texture) return ['generateParts', 'texture', 'separate parts have no texture'];
  if (generateParts && pbr) return ['generateParts', 'pbr', 'separate parts have no materials'];
  if (generateParts && quad) return ['generateParts', 'quad', 'separate parts can not be a quad mesh'];
  if (generateParts && smartLowPoly)
    return ['generateParts', 'smartLowPoly', 'the parts would be lost without a word'];
  if (!texture && pbr) return ['texture', 'pbr', 'pbr materials need a texture'];
  const idle = texture ? undefined : TEXTURE_OPTIONS.find((option) => option in explicit);
  const without = generateParts ? 'generateParts' : 'texture';
  return idle && [idle, without, 'there is no texture that it could apply to'];
}
