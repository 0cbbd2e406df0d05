import { Refusal } from '../answer.ts';
import type { StandInOptions } from '../moods/options.ts';
import type { TripoInputs } from '../records.ts';

/** Tripo 3.1. */
const TRIPO_MODEL_ID = 'model_tripo-v3-1-image-to-3d';

/**
 * A model that the stand-in supports. Whatever the names of its inputs, its files are made from their equivalents in
 * Tripo's terms.
 */
export interface StandInModel {
  readonly id: string;
  readonly title: string;
  readonly fields: readonly InputField[];
  readonly toTripo: (inputs: Readonly<Record<string, unknown>>) => TripoInputs;
}

/** An input in the record of a model. */
export interface InputField {
  readonly name: string;
  readonly type: 'file' | 'boolean' | 'string' | 'number';
  readonly default?: boolean | string;
  readonly allowedValues?: readonly string[];
  readonly costImpact?: boolean;
}

/** The fourteen inputs, in the order of the record, which is also the order in which the validator checks them. */
const TRIPO_FIELDS: readonly InputField[] = [
  { name: 'image', type: 'file' },
  { name: 'texture', type: 'boolean', default: true, costImpact: true },
  {
    name: 'textureQuality',
    type: 'string',
    default: 'standard',
    allowedValues: ['standard', 'detailed', 'extreme'],
    costImpact: true,
  },
  {
    name: 'textureAlignment',
    type: 'string',
    default: 'original_image',
    allowedValues: ['original_image', 'geometry'],
  },
  {
    name: 'geometryQuality',
    type: 'string',
    default: 'standard',
    allowedValues: ['standard', 'detailed'],
    costImpact: true,
  },
  { name: 'textureSeed', type: 'number' },
  { name: 'orientation', type: 'string', default: 'default', allowedValues: ['default', 'align_image'] },
  { name: 'pbr', type: 'boolean', default: true },
  { name: 'faceLimit', type: 'number' },
  { name: 'autoSize', type: 'boolean', default: false },
  { name: 'quad', type: 'boolean', default: false, costImpact: true },
  { name: 'smartLowPoly', type: 'boolean', default: false, costImpact: true },
  { name: 'generateParts', type: 'boolean', default: false, costImpact: true },
  { name: 'seed', type: 'number' },
];

/**
 * Checks the body of a submission. Ignores `dryRun` in the body without an error: the real service also treats such a
 * request as a paid one.
 *
 * @throws Refusal 400 in the words of the validator
 */
export function readInputs({ fields }: StandInModel, body: Readonly<Record<string, unknown>>) {
  for (const field of fields) checkField(field, body[field.name]);
  const inputs = Object.entries(body).filter(([name]) => name !== 'dryRun');
  const unknown = inputs.find(([name]) => !fields.some((field) => field.name === name));
  if (unknown !== undefined) throw new Refusal(400, `"${unknown[0]}" is not allowed`);
  return Object.fromEntries(inputs);
}

/** The default models of a stand-in. */
export const MODELS: readonly StandInModel[] = [
  {
    id: TRIPO_MODEL_ID,
    title: 'Tripo 3.1 Image to 3D',
    fields: TRIPO_FIELDS,
    // The type of each field was checked above.
    toTripo: (inputs) => inputs as unknown as TripoInputs,
  },
];

function checkField({ name, type, allowedValues }: InputField, value: unknown) {
  if (value === undefined) {
    if (type === 'file') throw new Refusal(400, `"${name}" is required`);
    return;
  }
  const wanted = type === 'file' ? 'string' : type;
  if (typeof value !== wanted || (typeof value === 'number' && !Number.isFinite(value))) {
    throw new Refusal(400, `"${name}" must be a ${wanted}`);
  }
  if (allowedValues !== undefined && !allowedValues.some((allowed) => allowed === value)) {
    throw new Refusal(400, `"${name}" must be one of [${allowedValues.join(', ')}]`);
  }
}

/** Returns whether the model gets a texture. It does by default, and `pbr` alone also implies one. */
export function isTextured({ texture = true, pbr = true }: TripoInputs): boolean {
  return texture || pbr;
}

/** Returns why these inputs conflict, or undefined if they don't. */
export function conflictIn(inputs: TripoInputs): string | undefined {
  const { texture = true, pbr = true, quad = false, generateParts = false } = inputs;
  if (generateParts && (texture || pbr || quad)) {
    return '"generateParts" is not compatible with "texture", "pbr" or "quad"';
  }
  const { faceLimit } = inputs;
  if (faceLimit === undefined) return undefined;
  const [least, most] = faceRange(inputs);
  if (faceLimit < least) return `"faceLimit" must be greater than or equal to ${least}`;
  return faceLimit > most ? `"faceLimit" must be less than or equal to ${most}` : undefined;
}

function faceRange({ smartLowPoly, quad, geometryQuality }: TripoInputs): [least: number, most: number] {
  if (smartLowPoly === true) return quad === true ? [500, 10_000] : [1_000, 20_000];
  if (quad === true) return [1, 150_000];
  return [1, geometryQuality === 'detailed' ? 2_000_000 : 1_500_000];
}

/** Returns the price of a run with these inputs, in CU. */
export function priceOf(inputs: TripoInputs, prices: StandInOptions['prices']): number {
  const textured = isTextured(inputs);
  return (
    (textured ? prices.textured : prices.untextured) +
    (textured && inputs.textureQuality === 'detailed' ? prices.detailedTexture : 0) +
    (textured && inputs.textureQuality === 'extreme' ? prices.extremeTexture : 0) +
    (inputs.geometryQuality === 'detailed' ? prices.detailedGeometry : 0) +
    (inputs.quad === true ? prices.quad : 0) +
    (inputs.smartLowPoly === true ? prices.smartLowPoly : 0) +
    (inputs.generateParts === true ? prices.generateParts : 0)
  );
}
