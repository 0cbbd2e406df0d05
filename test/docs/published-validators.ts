import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type JsonSchema, publishedSchemas } from './event-schemas.ts';

/** Compiles a schema with an independent validator in strict mode, in which an unknown keyword is an error. */
export function validatorOf(schema: JsonSchema): ValidateFunction {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  addFormats.default(ajv);
  return ajv.compile(schema);
}

export function publishedValidators(): ReadonlyMap<string, ValidateFunction> {
  return new Map([...publishedSchemas()].map(([name, schema]) => [name, validatorOf(schema)]));
}
