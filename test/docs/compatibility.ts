import type { JsonSchema } from './event-schemas.ts';

/**
 * Returns the changes in a schema that break a consumer of the released one. Empty if the schema can be published as
 * the next minor version. A renamed field counts as a removed field and a new one.
 *
 * @param at the name of the schemas in messages, such as `model-stored`
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
    return isSchema(after) ? breaksIn(before, after, at + place) : [`${at + place}: its schema was removed`];
  }
}

/**
 * A wider range breaks consumers that read events, and a narrower one breaks those that replay old events. So any
 * change of these rules is a break.
 */
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

/** Returns the values of `enum`, or the values known so far if others are allowed. */
function wordsOf({ enum: words, anyOf }: JsonSchema): Words | undefined {
  const known = words ?? anyOf?.find((one) => isSchema(one) && one.enum !== undefined);
  if (Array.isArray(known)) return { known, isOpen: false };
  return isSchema(known) ? { known: known.enum ?? [], isOpen: true } : undefined;
}

function changedWords(before: Words | undefined, after: Words | undefined, at: string): readonly string[] {
  if (!before) return after && !after.isOpen ? [`${at}: it allowed any text and now has a list of values`] : [];
  if (!after) return [`${at}: its list of values was removed`];
  const gone = before.known.filter((word) => !after.known.includes(word));
  const fresh = after.known.filter((word) => !before.known.includes(word));
  return [
    ...gone.map((word) => `${at}: it no longer allows ${JSON.stringify(word)}`),
    ...(before.isOpen && !after.isOpen ? [`${at}: it no longer allows other values`] : []),
    ...(before.isOpen ? [] : fresh.map((word) => `${at}: ${JSON.stringify(word)} is new in a closed list`)),
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
    ...[...after].filter((name) => !before.has(name)).map((name) => `${at}.${name} is now required`),
    ...[...before]
      .filter((name) => !after.has(name) && current.properties?.[name] !== undefined)
      .map((name) => `${at}.${name} was required and is now optional`),
  ];
}

function isSchema(schema: unknown): schema is JsonSchema {
  return typeof schema === 'object' && schema !== null && !Array.isArray(schema);
}
