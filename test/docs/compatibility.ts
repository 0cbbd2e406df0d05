import type { JsonSchema } from './event-schemas.ts';

/**
 * What in a schema breaks a consumer that was written for the released one: empty when it may be published as the next
 * minor version. A renamed field is a removed one and a new one.
 *
 * @param at the place that the schemas are of, as it is told: `model-stored`
 */
export function breaksIn(released: JsonSchema, current: JsonSchema, at: string): readonly string[] {
  return [
    ...changedRules(released, current, at),
    ...changedWords(wordsOf(released), wordsOf(current), at),
    ...changedFields(released, current, at),
    ...within('items', '[]'),
    ...within('additionalProperties', '.*'),
  ];

  function within(keyword: 'items' | 'additionalProperties', place: string): readonly string[] {
    const [before, after] = [released[keyword], current[keyword]];
    if (!isSchema(before)) return [];
    return isSchema(after)
      ? breaksIn(before, after, at + place)
      : [`${at + place}: what may stand there is no longer said`];
  }
}

/** Wider breaks who reads it, narrower breaks who replays what was sent before: any change of these is one. */
const RULES = [
  'type',
  'const',
  'pattern',
  'format',
  'minimum',
  'exclusiveMinimum',
  'maximum',
  'exclusiveMaximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'prefixItems',
] as const;

function changedRules(released: JsonSchema, current: JsonSchema, at: string): readonly string[] {
  return RULES.flatMap((rule) => {
    const [before, after] = [released[rule], current[rule]].map((value) => JSON.stringify(value) ?? 'none');
    return before === after ? [] : [`${at}: its ${rule} was ${before} and is ${after}`];
  });
}

interface Words {
  readonly known: readonly unknown[];
  readonly isOpen: boolean;
}

/** `enum`, or the words known so far where others are allowed. */
function wordsOf({ enum: words, anyOf }: JsonSchema): Words | undefined {
  const known = words ?? anyOf?.find((one) => isSchema(one) && one.enum !== undefined);
  if (Array.isArray(known)) return { known, isOpen: false };
  return isSchema(known) ? { known: known.enum ?? [], isOpen: true } : undefined;
}

function changedWords(before: Words | undefined, after: Words | undefined, at: string): readonly string[] {
  if (!before) return after && !after.isOpen ? [`${at}: it was any text and is one of a few`] : [];
  if (!after) return [`${at}: its words are no longer told`];
  const gone = before.known.filter((word) => !after.known.includes(word));
  const fresh = after.known.filter((word) => !before.known.includes(word));
  return [
    ...gone.map((word) => `${at}: it no longer knows ${JSON.stringify(word)}`),
    ...(before.isOpen && !after.isOpen ? [`${at}: it takes no other words any more`] : []),
    ...(before.isOpen ? [] : fresh.map((word) => `${at}: ${JSON.stringify(word)} is new in a list that was closed`)),
  ];
}

function changedFields(released: JsonSchema, current: JsonSchema, at: string): readonly string[] {
  const [before, after] = [new Set(released.required), new Set(current.required)];
  return [
    ...Object.entries(released.properties ?? {}).flatMap(([name, schema]) => {
      const now = current.properties?.[name];
      if (!isSchema(schema)) return [];
      return isSchema(now) ? breaksIn(schema, now, `${at}.${name}`) : [`${at}.${name} was removed or renamed`];
    }),
    ...[...after].filter((name) => !before.has(name)).map((name) => `${at}.${name} is newly required`),
    ...[...before]
      .filter((name) => !after.has(name) && current.properties?.[name] !== undefined)
      .map((name) => `${at}.${name} was always there and may be missing now`),
  ];
}

function isSchema(schema: unknown): schema is JsonSchema {
  return typeof schema === 'object' && schema !== null && !Array.isArray(schema);
}
