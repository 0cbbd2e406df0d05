import type { Asset } from '../contract/asset.ts';
import type { Parameters } from '../contract/schemas.ts';

/** One input of a model besides the image. Without a default, the model chooses when the input is not set. */
export type Input = { readonly describe: string } & (
  | { readonly kind: 'boolean'; readonly default: boolean }
  | { readonly kind: 'choice'; readonly options: readonly [string, ...string[]]; readonly default: string }
  | { readonly kind: 'integer'; readonly min: number; readonly max?: number }
);

/** Values of some parameters. */
export type Values = Partial<Parameters>;

/** Two values that exclude each other, or an explicit parameter that has no effect with a value. */
interface Conflict {
  readonly when: Values;
  /** The conflict exists only if one of these was set explicitly. @default none: `when` names both sides */
  readonly explicit?: readonly string[];
  readonly why: string;
}

/** The range of an integer input under a condition. The first range whose condition holds applies. */
export interface Range {
  readonly of: string;
  readonly when: Values;
  readonly min: number;
  readonly max: number;
  /** Follows "is not allowed" in the message: `with quad`. */
  readonly where: string;
}

/** An image-to-3D model at Scenario, as data: everything that the product knows about it. */
export interface Model {
  /** The name in settings and metadata: `tripo-3-1`. */
  readonly name: string;
  /** The id at Scenario. */
  readonly id: string;
  /** The prefix of metadata keys that set its parameters: `tripo-`. */
  readonly metadataPrefix: string;
  /** The input that takes the image's asset id. */
  readonly imageInput: string;
  readonly inputs: Readonly<Record<string, Input>>;
  /** Values that change other defaults, in order: `{ when: { texture: false }, implies: { pbr: false } }`. */
  readonly implications: readonly { readonly when: Values; readonly implies: Values }[];
  readonly conflicts: readonly Conflict[];
  readonly ranges: readonly Range[];
  /** About what a run with the default parameters costs, in compute units. Only for estimates: a quote decides. */
  readonly typicalCu: number;
  readonly image: {
    readonly maxBytes: number;
    /** In pixels, of the shorter and of the longer side. */
    readonly minSide: number;
    readonly maxSide: number;
    readonly contentTypes: readonly string[];
  };
  /** Roles of files that are not 3D, by prefix of their source at Scenario. @default 'other' */
  readonly roles: Readonly<Record<string, Asset['role']>>;
  /** How long jobs take at Scenario, in seconds, until enough of them are seen: evenly spread over all jobs. */
  readonly typicalSeconds: readonly number[];
}
