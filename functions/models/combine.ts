import type { Parameters } from '../contract/schemas.ts';
import type { Model, Range, Values } from './model.ts';

/** The model's own defaults, changed by what the explicit values imply, and the explicit values themselves. */
export function withDefaults({ inputs, implications }: Model, explicit: Parameters): Parameters {
  const implied = implications.filter(({ when }) => holds(when, explicit)).map(({ implies }) => implies);
  const merged: Values = Object.assign({}, ...implied, explicit) as Values;
  const values = Object.entries(inputs).map(([name, input]) => [
    name,
    merged[name] ?? ('default' in input ? input.default : undefined),
  ]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as Parameters;
}

/** The first two parameters that exclude each other, by the model's documentation. */
export function findConflict({ conflicts }: Model, parameters: Parameters, explicit: Parameters) {
  for (const { when, explicit: idle, why } of conflicts) {
    if (!holds(when, parameters)) continue;
    const name = idle?.find((option) => option in explicit);
    if (idle && name === undefined) continue;
    return { names: name === undefined ? Object.keys(when) : [name, ...Object.keys(when)], why };
  }
  return undefined;
}

/** The range of a parameter that applies beside the others. Undefined if the model has none. */
export function findRange({ ranges }: Model, name: string, parameters: Parameters): Range | undefined {
  return ranges.find(({ of, when }) => of === name && holds(when, parameters));
}

function holds(when: Values, parameters: Values): boolean {
  return Object.entries(when).every(([name, value]) => parameters[name] === value);
}
