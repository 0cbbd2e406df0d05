import * as z from 'zod';
import { eventSchemas, eventSource, manifestSchema, schemaVersion } from '../../functions/contract/schemas.ts';

/** A JSON Schema, as far as zod writes one. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Where a later minor version may know more words: who reads the events has to take one that it does not know. */
const OPEN_WORDS = new Set(['role', 'code']);
const [MAJOR] = schemaVersion.split('.');

/**
 * The schemas that consumers hold against what they receive, by file name. They are what the functions write, opened for
 * what the next minor versions may bring: more fields, more words, other parameters of other models.
 *
 * @see functions/contract/event-reader.ts which says the same without a schema
 */
export function publishedSchemas(): ReadonlyMap<string, JsonSchema> {
  const events = Object.entries(eventSchemas).map(
    ([detailType, schema]) => [fileOf(detailType), envelope(detailType, opened(schema))] as const,
  );
  const manifest = { title: 'Meshdrop: the manifest of a run', ...opened(manifestSchema) };
  return new Map([...events, ['manifest', manifest] as const].map(([name, schema]) => [name, dated(schema)]));
}

/** `Model Stored` is told in `model-stored.schema.json`. */
function fileOf(detailType: string): string {
  return detailType.toLowerCase().replaceAll(' ', '-');
}

function dated(schema: JsonSchema): JsonSchema {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema };
}

/** As EventBridge delivers it; the fields of the envelope that are the same for everybody's events are left to it. */
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
  // RFC 3339 also knows offsets and a space; we only write UTC, with a T.
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
    // JSON has no other names than strings.
    delete schema.propertyNames;
    schema.additionalProperties = { type: ['string', 'number', 'boolean'] };
  }
}
