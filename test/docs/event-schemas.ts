import * as z from 'zod';
import { eventSchemas, eventSource, manifestSchema, schemaVersion } from '../../functions/contract/schemas.ts';

/** A JSON Schema, as written by zod. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Fields that can get new values in a later minor version. A consumer must accept unknown values. */
const OPEN_WORDS = new Set(['role', 'code']);
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
  const manifest = { title: 'Meshdrop: the manifest of a run', ...opened(manifestSchema) };
  return new Map([...events, ['manifest', manifest] as const].map(([name, schema]) => [name, dated(schema)]));
}

/** The schema of `Model Stored` is in `model-stored.schema.json`. */
function fileOf(detailType: string): string {
  return detailType.toLowerCase().replaceAll(' ', '-');
}

function dated(schema: JsonSchema): JsonSchema {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema };
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
