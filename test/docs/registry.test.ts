import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { fieldsOf, publishedSchemas, registrySchemas } from './event-schemas.ts';

describe.each([...registrySchemas()])('the document of %s for the schema registry', (_, document) => {
  it('is valid OpenAPI 3.0', async () => {
    const result = await new Validator().validate(structuredClone(document));

    expect(result).toMatchObject({ valid: true });
  });

  it('has what the registry needs: the event, its source, and its detail-type', () => {
    expect(document).toMatchObject({
      openapi: '3.0.0',
      components: { schemas: { AWSEvent: { 'x-amazon-events-source': 'meshdrop' } } },
    });
  });
});

it.each([...publishedSchemas()])('every field of %s says what it is', (_, schema) => {
  const own = ['source', 'detail-type', 'detail', 'detail.data'];

  expect(fieldsOf(schema).filter(([path, , , what]) => what === '' && !own.includes(path))).toEqual([]);
});
