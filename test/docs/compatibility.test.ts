import { describe, expect, it } from 'vitest';
import { breaksIn } from './compatibility.ts';
import type { JsonSchema } from './event-schemas.ts';

function chair(changes: Readonly<Record<string, JsonSchema | undefined>> = {}, required = ['legs', 'wood']) {
  const properties: Record<string, JsonSchema | undefined> = {
    legs: { type: 'integer', minimum: 3 },
    wood: { type: 'string', anyOf: [{ enum: ['oak', 'elm'] }, { type: 'string' }] },
    state: { enum: ['new', 'old'] },
    parts: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
    ...changes,
  };
  return JSON.parse(JSON.stringify({ type: 'object', properties, required })) as JsonSchema;
}

const partOf = (schema: JsonSchema): JsonSchema => ({ type: 'array', items: schema });

describe('a breaking change is', () => {
  it.each<[string, JsonSchema, string]>([
    ['a removed field', chair({ state: undefined }), 'chair.state was removed or renamed'],
    [
      'a renamed field',
      chair({ state: undefined, condition: { enum: ['new', 'old'] } }),
      'chair.state was removed or renamed',
    ],
    ['an existing field that becomes required', chair({}, ['legs', 'wood', 'state']), 'chair.state is now required'],
    [
      'a new required field',
      chair({ price: { type: 'number' } }, ['legs', 'wood', 'price']),
      'chair.price is now required',
    ],
    ['a field that becomes optional', chair({}, ['legs']), 'chair.wood was required and is now optional'],
    ['another type', chair({ legs: { type: 'string' } }), 'chair.legs: its type was "integer" and is "string"'],
    ['a narrower number', chair({ legs: { type: 'integer', minimum: 4 } }), 'chair.legs: its minimum was 3 and is 4'],
    ['a removed value', chair({ state: { enum: ['new'] } }), 'chair.state: it no longer allows "old"'],
    [
      'a known value that is removed from an open list',
      chair({ wood: { type: 'string', anyOf: [{ enum: ['oak'] }, { type: 'string' }] } }),
      'chair.wood: it no longer allows "elm"',
    ],
    [
      'an open list that closes',
      chair({ wood: { type: 'string', enum: ['oak', 'elm'] } }),
      'chair.wood: it no longer allows other values',
    ],
    [
      'a new value in a closed list',
      chair({ state: { enum: ['new', 'old', 'lost'] } }),
      'chair.state: "lost" is new in a closed list',
    ],
    [
      'a change in a nested list',
      chair({ parts: partOf({ type: 'object', properties: { name: { type: 'number' } } }) }),
      'chair.parts[].name: its type was "string" and is "number"',
    ],
    ['a list that no longer describes its items', chair({ parts: { type: 'array' } }), 'chair.parts[]'],
  ])('%s', (_, current, told) => {
    expect(breaksIn(chair(), current, 'chair').join('\n')).toContain(told);
  });
});

describe('a compatible change is', () => {
  it.each<[string, JsonSchema]>([
    ['no change', chair()],
    ['a new optional field', chair({ price: { type: 'number' } })],
    [
      'a new value in an open list',
      chair({ wood: { type: 'string', anyOf: [{ enum: ['oak', 'elm', 'ash'] }, { type: 'string' }] } }),
    ],
    ['another description', chair({ legs: { type: 'integer', minimum: 3, description: 'how many' } })],
  ])('%s', (_, current) => {
    expect(breaksIn(chair(), current, 'chair')).toEqual([]);
  });
});
