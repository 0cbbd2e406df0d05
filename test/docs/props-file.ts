import * as z from 'zod';
import { DEFAULT_MODEL } from '../../functions/models/registry.ts';
import { MEMORY } from '../../infra/settings/memory.ts';
import { plainSettings } from '../../infra/settings/settings.ts';
import { defaultOf, meaningOf } from './settings-table.ts';

const shape = z.looseObject({
  type: z.string().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
});

/** Settings whose types have names, or are too long to read. */
const TYPES: Readonly<Record<string, string>> = {
  model: 'string',
  defaults: 'ModelParameters',
  presets: 'Readonly<Record<string, ModelParameters>>',
  memory: 'FunctionMemory',
  logRetentionDays: 'number',
};

/** Returns `infra/settings/plain-props.ts`: what editors show to users of the construct, made from the settings. */
export function propsFile(): string {
  const props = Object.entries(plainSettings.shape).map(([name, schema]) =>
    member(name, TYPES[name] ?? typeOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })), [
      sentence(meaningOf(schema)),
      `@default ${defaultOf(schema).replaceAll('`', '')}`,
    ]),
  );
  const parameters = Object.entries(DEFAULT_MODEL.inputs).map(([name, input]) => {
    const type = input.kind === 'choice' ? input.options.map(quoted).join(' | ') : PRIMITIVES[input.kind];
    const initial = 'default' in input && input.default !== undefined ? [`@default ${String(input.default)}`] : [];
    return member(name, type ?? 'unknown', [sentence(input.describe), ...initial]);
  });
  const memory = Object.entries(MEMORY).map(
    ([name, least]) => `  /** @default ${least} */\n  readonly ${name}?: number;`,
  );
  return `// Made from the settings by \`npm run docs\`.

/** Parameters of the model that makes the 3D models. */
export interface ModelParameters {
${parameters.join('\n')}
}

/** MiB by function. */
export interface FunctionMemory {
${memory.join('\n')}
}

/** The settings of \`cdk.json\` that are plain values. */
export interface PlainProps {
${props.join('\n')}
}
`;
}

const PRIMITIVES: Readonly<Record<string, string>> = { boolean: 'boolean', integer: 'number', number: 'number' };
const WIDTH = 120;

function member(name: string, type: string, words: readonly string[]): string {
  const line = `  /** ${words.join(' ')} */`;
  const comment = line.length <= WIDTH ? line : `  /**\n${words.map((one) => `   * ${one}`).join('\n')}\n   */`;
  return `${comment}\n  readonly ${name}?: ${type};`;
}

function sentence(words: string): string {
  const [first = ''] = words.split(' ');
  return `${first.includes('_') ? '' : words.charAt(0).toUpperCase()}${words.slice(first.includes('_') ? 0 : 1)}.`;
}

function typeOf(given: unknown): string {
  const { type, enum: values, anyOf, items, ...rest } = shape.parse(given);
  if (rest.const !== undefined) return quoted(rest.const);
  if (values) return values.map(quoted).join(' | ');
  if (anyOf) return anyOf.map(typeOf).join(' | ');
  if (type === 'array') {
    const item = typeOf(items);
    return item.includes(' | ') ? `readonly (${item})[]` : `readonly ${item}[]`;
  }
  return PRIMITIVES[type ?? ''] ?? 'string';
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
