import type { ProfileName } from '../contract/renditions.ts';

/** What the rules of the channels look at. */
export interface FileFacts {
  readonly bytes: number;
  /** As viewers draw them: a mesh counts once for each node that has it. */
  readonly triangles: number;
  readonly materials: number;
  /** Pixels. Empty if there are none. */
  readonly textures: readonly { readonly width: number; readonly height: number }[];
  /** Metres along x, y, and z. */
  readonly size: readonly [x: number, y: number, z: number];
  /** The middle of the lowest side, in metres. */
  readonly base: readonly [x: number, y: number, z: number];
}

/** One rule of a channel, and whether a file keeps it. */
interface CheckedRule {
  readonly rule: string;
  readonly limit: number | string;
  readonly value: number | string;
  readonly passed: boolean;
  /** Good to keep. The channel accepts the file without it. */
  readonly isAdvice?: true;
}

interface Rule {
  readonly rule: string;
  readonly limit: number | string;
  readonly isAdvice?: true;
  readonly check: (facts: FileFacts) => { readonly value: number | string; readonly passed: boolean };
}

interface Profile {
  readonly source: string;
  readonly rules: readonly Rule[];
}

const most = (rule: string, limit: number, valueOf: (facts: FileFacts) => number): Rule => ({
  rule,
  limit,
  check: (facts) => ({ value: valueOf(facts), passed: valueOf(facts) <= limit }),
});

const maxBytes = (limit: number) => most('bytes', limit, ({ bytes }) => bytes);
const maxTriangles = (limit: number) => most('triangles', limit, ({ triangles }) => triangles);
const maxMaterials = (limit: number) => most('materials', limit, ({ materials }) => materials);

const sidesOf = ({ textures }: FileFacts) => textures.flatMap(({ width, height }) => [width, height]);

const powerOfTwo: Rule = {
  rule: 'texture sides are powers of two',
  limit: 'all',
  check: (facts) => {
    const odd = sidesOf(facts).filter((side) => !Number.isInteger(Math.log2(side)));
    return { value: odd.length === 0 ? 'all' : `not ${odd.join(', ')}`, passed: odd.length === 0 };
  },
};

const textureSides = (min: number, max: number): Rule => ({
  rule: 'texture sides in pixels',
  limit: min === 0 ? `at most ${max}` : `${min} to ${max}`,
  check: (facts) => {
    const sides = sidesOf(facts);
    if (sides.length === 0) return { value: 'no textures', passed: true };
    const [low, high] = [Math.min(...sides), Math.max(...sides)];
    return { value: low === high ? `${low}` : `${low} to ${high}`, passed: low >= min && high <= max };
  },
});

/** Larger than a grain of rice, and smaller than a house. Anything else is another unit. */
const [MIN_METRES, MAX_METRES] = [0.005, 30];
const metres: Rule = {
  rule: 'longest side in metres',
  limit: `${MIN_METRES} to ${MAX_METRES}`,
  check: ({ size }) => {
    const longest = Math.max(...size);
    return { value: Number(longest.toPrecision(4)), passed: longest >= MIN_METRES && longest <= MAX_METRES };
  },
};

/** As a share of the longest side. */
const MAX_OFFSET = 0.005;
const standing: Rule = {
  rule: 'stands at the origin: distance as a share of its size',
  limit: MAX_OFFSET,
  check: ({ base, size }) => {
    const offset = Math.hypot(...base) / (Math.max(...size) || 1);
    return { value: Number(offset.toPrecision(3)), passed: offset <= MAX_OFFSET };
  },
};

/** The rules of the channels, as they publish them. */
const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  khronos: {
    source: 'https://github.com/KhronosGroup/3DC-Asset-Creation',
    rules: [
      maxBytes(5_000_000),
      maxTriangles(100_000),
      maxMaterials(5),
      textureSides(512, 2048),
      powerOfTwo,
      metres,
      standing,
    ],
  },
  shopify: {
    source: 'https://help.shopify.com/en/manual/products/product-media/product-media-types',
    rules: [maxBytes(15_000_000), { ...maxBytes(4_000_000), rule: 'bytes of a typical model', isAdvice: true }],
  },
  amazon: {
    source: 'https://sellercentral.amazon.com/help/hub/reference/G202131500',
    rules: [maxTriangles(150_000), metres],
  },
  ar: {
    source: 'https://developer.apple.com/augmented-reality/quick-look/',
    rules: [maxBytes(10_000_000), maxTriangles(100_000), textureSides(0, 2048), metres, standing],
  },
};

export interface Certificate {
  readonly passed: boolean;
  readonly source: string;
  readonly rules: readonly CheckedRule[];
}

/** Checks a file against the rules of a channel. */
export function certify(facts: FileFacts, profile: ProfileName): Certificate {
  const { source, rules } = PROFILES[profile];
  const checked = rules.map(({ check, ...rule }): CheckedRule => ({ ...rule, ...check(facts) }));
  return { passed: checked.every(({ passed, isAdvice }) => passed || isAdvice), source, rules: checked };
}
