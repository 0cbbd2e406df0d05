import * as z from 'zod';
import {
  eventSchemas,
  eventSource,
  manifestSchema,
  renditionsSchema,
  schemaVersion,
} from '../../functions/contract/schemas.ts';

/** A JSON Schema, as written by zod. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Fields that can get new values in a later minor version. A consumer must accept unknown values. */
const OPEN_WORDS = new Set(['role', 'code', 'of', 'profile', 'sizeFrom']);
const [MAJOR] = schemaVersion.split('.');

/**
 * Returns the schemas with which consumers check events, keyed by file name. They describe what the functions write,
 * and allow what the next minor versions can add: more fields, more values, and parameters of other models.
 *
 * @see functions/contract/event-reader.ts for the same rules without a schema
 */
export function publishedSchemas(): ReadonlyMap<string, JsonSchema> {
  const events = Object.entries(eventSchemas).map(
    ([detailType, schema]) => [fileOf(detailType), envelope(detailType, opened(schema))] as const,
  );
  const documents = [
    ['manifest', { title: 'Meshdrop: the manifest of a run', ...opened(manifestSchema) }],
    ['renditions', { title: 'Meshdrop: the renditions of a model', ...opened(renditionsSchema) }],
  ] as const;
  return new Map([...events, ...documents].map(([name, schema]) => [name, dated(name, schema)]));
}

/** The schema of `Model Stored` is in `model-stored.schema.json`. */
function fileOf(detailType: string): string {
  return detailType.toLowerCase().replaceAll(' ', '-');
}

function dated(name: string, schema: JsonSchema): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:meshdrop:schema:${name}:${schemaVersion}`,
    ...schema,
  };
}

/** The fields of EventBridge's envelope, as its schema registry expects them. */
const AWS_FIELDS: Readonly<Record<string, JsonSchema>> = {
  version: { type: 'string' },
  id: { type: 'string' },
  'detail-type': { type: 'string' },
  source: { type: 'string' },
  account: { type: 'string' },
  time: { type: 'string', format: 'date-time' },
  region: { type: 'string' },
  resources: { type: 'array', items: { type: 'string' } },
};

/**
 * Returns OpenAPI 3.0 documents for EventBridge's schema registry, keyed by file name. The registry makes code bindings
 * from them.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-schema-create.html
 */
export function registrySchemas(): ReadonlyMap<string, Record<string, unknown>> {
  return new Map(
    Object.entries(eventSchemas).map(([detailType, schema]) => {
      const name = detailType.replaceAll(' ', '');
      const { $schema: _, ...written } = z.toJSONSchema(schema, {
        target: 'openapi-3.0',
        override: ({ jsonSchema, path }) => openForRegistry(jsonSchema, String(path.at(-1))),
      });
      const event = {
        type: 'object',
        required: [...Object.keys(AWS_FIELDS), 'detail'],
        'x-amazon-events-detail-type': detailType,
        'x-amazon-events-source': eventSource,
        properties: { ...AWS_FIELDS, detail: { $ref: `#/components/schemas/${name}` } },
      };
      const document = {
        openapi: '3.0.0',
        info: { title: name, version: schemaVersion },
        paths: {},
        components: { schemas: { AWSEvent: event, [name]: written } },
      };
      return [fileOf(detailType), document] as const;
    }),
  );
}

function openForRegistry(schema: JsonSchema, name: string): void {
  open(schema, name);
  if (schema.anyOf && OPEN_WORDS.has(name)) {
    delete schema.anyOf;
    schema.type = 'string';
  }
  if (name === 'schemaVersion') {
    delete schema.enum;
    schema.type = 'string';
  }
  // OpenAPI 3.0 has one type for each schema.
  if (name === 'parameters')
    schema.additionalProperties = { oneOf: (['string', 'number', 'boolean'] as const).map((type) => ({ type })) };
}

/** Returns every field of a schema: its path, its type, whether it is always there, and what it means. */
export function fieldsOf(
  schema: JsonSchema,
  at = '',
): readonly (readonly [path: string, type: string, always: boolean, what: string])[] {
  const { properties = {}, required = [] } = schema;
  return Object.entries(properties).flatMap(([name, value]) => {
    const field = value as JsonSchema;
    const path = at === '' ? name : `${at}.${name}`;
    const items = field.items as JsonSchema | undefined;
    const below = items?.properties ? fieldsOf(items, `${path}[]`) : fieldsOf(field, path);
    return [[path, typeOf(field), required.includes(name), field.description ?? ''] as const, ...below];
  });
}

function typeOf({ type, format, enum: words, const: only, items, anyOf }: JsonSchema): string {
  if (only !== undefined) return `\`${JSON.stringify(only)}\``;
  const [first] = anyOf ?? [];
  const choices = words ?? (typeof first === 'object' ? first.enum : undefined);
  if (choices) return choices.length > 8 ? 'string' : choices.map((word) => `\`${String(word)}\``).join(', ');
  if (type === 'array') return `list of ${String((items as JsonSchema | undefined)?.type ?? 'value')}s`;
  return format === 'date-time' ? 'time' : String(type ?? 'any');
}

/** Returns the schema of the delivered event. Leaves out envelope fields that are the same for all events. */
function envelope(detailType: string, detail: JsonSchema): JsonSchema {
  return {
    title: `Meshdrop: ${detailType}`,
    type: 'object',
    properties: {
      source: { type: 'string', const: eventSource },
      'detail-type': { type: 'string', const: detailType },
      detail,
    },
    required: ['source', 'detail-type', 'detail'],
  };
}

function opened(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...written } = z.toJSONSchema(schema, {
    override: ({ jsonSchema, path }) => open(jsonSchema, String(path.at(-1))),
  });
  return written;
}

function open(schema: JsonSchema, name: string): void {
  if (schema.additionalProperties === false) delete schema.additionalProperties;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  // RFC 3339 also allows offsets and a space, but Meshdrop writes only UTC with a T.
  if (schema.format === 'date-time') schema.pattern = String.raw`T[\d:.]+Z$`;
  if (name === 'schemaVersion') {
    delete schema.const;
    schema.pattern = String.raw`^${MAJOR}\.(0|[1-9]\d*)$`;
  }
  if (schema.enum && OPEN_WORDS.has(name)) {
    schema.anyOf = [{ enum: schema.enum }, { type: 'string' }];
    delete schema.enum;
  }
  if (name === 'parameters') {
    // In JSON, all property names are strings.
    delete schema.propertyNames;
    schema.additionalProperties = { type: ['string', 'number', 'boolean'] };
  }
}
