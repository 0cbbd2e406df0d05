/** One change to a JSON value, and where it was made. */
export interface Mutation {
  /** `.detail.data.assets[0].sha256` */
  readonly at: string;
  readonly what: string;
  /** The new value. Undefined if the field was removed. */
  readonly value: unknown;
  readonly event: unknown;
}

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  7,
  1.5,
  '',
  'other',
  '1.7',
  '1.07',
  '2.0',
  '2026-02-30T10:00:00Z',
  '2026-11-22T18:26:53+01:00',
  '2026-11-22 18:26:53Z',
  '2026-11-22T18:26:53.5Z',
  'Model Stored',
  'Model Failed',
  'Upload Rejected',
  'Model Removed',
  'toString',
  [],
  [null],
  {},
  { later: 'field' },
];

/** A field that only a later version knows. */
export const LATER = 'aFieldOfLater';

/** Yields one change at a time: each value replaced by others, each field removed, and each object with a new field. */
export function* mutationsOf(event: unknown): Generator<Mutation> {
  for (const path of pathsIn(event)) {
    const at = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
    for (const value of VALUES) {
      yield { at, what: `is ${JSON.stringify(value)}`, value, event: changed(event, path, value) };
    }
    if (path.length > 0) {
      yield { at, what: 'is removed', value: undefined, event: changed(event, path, undefined) };
    }
    const standing = valueAt(event, path);
    if (isObject(standing)) {
      const extra = { ...standing, [LATER]: { any: ['thing'] } };
      yield { at, what: `has ${LATER}`, value: extra, event: changed(event, path, extra) };
    }
  }
}

type Path = readonly (string | number)[];

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, step) => Reflect.get(Object(inner), step), value);
}

function* pathsIn(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (Array.isArray(value)) for (const [n, item] of value.entries()) yield* pathsIn(item, [...path, n]);
  else if (isObject(value))
    for (const [name, inner] of Object.entries<unknown>({ ...value })) yield* pathsIn(inner, [...path, name]);
}

/** Returns a copy with the new value. The copy goes through JSON, which removes undefined fields. */
function changed(event: unknown, path: Path, value: unknown): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  const copy: unknown = structuredClone(event);
  Reflect.set(Object(valueAt(copy, path.slice(0, -1))), last, value);
  return JSON.parse(JSON.stringify(copy));
}
