import type { Model } from './model.ts';

export const OWN_PREFIX = 'meshdrop-';
export const ON_DUPLICATE_KEY = `${OWN_PREFIX}on-duplicate`;
export const MODEL_KEY = `${OWN_PREFIX}model`;
/** Says how tall the thing in the image is: `0.85m`, `85cm`, `33in`. */
export const HEIGHT_KEY = `${OWN_PREFIX}height`;
/** The keys that set what does not depend on the model. */
export const OWN_KEYS: readonly string[] = [ON_DUPLICATE_KEY, MODEL_KEY, HEIGHT_KEY];

/** The metadata key that sets an input: `faceLimit` has `tripo-face-limit`. */
export function metadataKey({ metadataPrefix }: Model, input: string): string {
  return metadataPrefix + input.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** All metadata keys that set an input of the model. */
export function parameterKeys(model: Model): readonly string[] {
  return Object.keys(model.inputs).map((input) => metadataKey(model, input));
}
