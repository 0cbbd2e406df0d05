import { HEIGHT_KEY } from './metadata-keys.ts';

const METRES: Readonly<Record<string, number>> = { mm: 0.001, cm: 0.01, m: 1, in: 0.0254, ft: 0.3048 };
const FORM = /^(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})\s*(mm|cm|m|in|ft)$/;
const [MIN_METRES, MAX_METRES] = [0.001, 1_000];

/** Reads a height in metres. Undefined if it is not a height. */
export function metresIn(text: string | undefined): number | undefined {
  const [, number = '', unit = ''] = FORM.exec(text?.trim().toLowerCase() ?? '') ?? [];
  const metres = Number((Number(number) * (METRES[unit] ?? Number.NaN)).toPrecision(9));
  return metres >= MIN_METRES && metres <= MAX_METRES ? metres : undefined;
}

/** Why a value of the metadata key is not a height. Undefined if it is one. */
export function whyNotHeight(text: string): string | undefined {
  if (metresIn(text) !== undefined) return undefined;
  return `${HEIGHT_KEY}: "${text}" is not a height; use a number and a unit from 1 mm to 1000 m, such as 0.85m, 85cm, or 33in`;
}
