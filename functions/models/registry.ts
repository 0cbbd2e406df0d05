import type { Model } from './model.ts';
import { tripo31 } from './tripo-3-1.ts';

/** The models that this version can run. To add one, write its file and list it here. */
export const MODELS: readonly [Model, ...Model[]] = [tripo31];

/** For an upload that names no model, in a deployment that names none. */
export const DEFAULT_MODEL = tripo31;

export function modelNamed(name: string, models: readonly Model[] = MODELS): Model | undefined {
  return models.find((model) => model.name === name);
}

/** @throws Error if this version does not know the model: an older version reads what a newer one wrote */
export function modelWithId(id: string, models: readonly Model[] = MODELS): Model {
  const found = models.find((model) => model.id === id);
  if (!found) throw new Error(`this version does not know the model ${id}`);
  return found;
}
