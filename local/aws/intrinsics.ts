import * as z from 'zod';

/** Local values for what CloudFormation provides. */
export const region = 'us-east-1';
export const account = '000000000000';

const pseudo: Readonly<Record<string, string>> = {
  'AWS::Region': region,
  'AWS::AccountId': account,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'Meshdrop',
};

/** The `Ref` of a resource and its attributes. */
export interface ResourceNames {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Replaces intrinsic functions with their values.
 *
 * @throws Error that names the unsupported function, resource, or attribute
 */
export function resolveIntrinsics(value: unknown, names: ReadonlyMap<string, ResourceNames>): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveIntrinsics(item, names));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  if (entries.length === 1 && name !== undefined && (name === 'Ref' || name.startsWith('Fn::')))
    return call(name, argument, names);
  return Object.fromEntries(entries.map(([key, item]) => [key, resolveIntrinsics(item, names)]));
}

const joinArguments = z.tuple([z.string(), z.array(z.unknown())]);
const selectArguments = z.tuple([z.union([z.number(), z.string()]), z.unknown()]);
const splitArguments = z.tuple([z.string(), z.unknown()]);
const attributeArguments = z.tuple([z.string(), z.string()]);

function call(name: string, argument: unknown, names: ReadonlyMap<string, ResourceNames>): unknown {
  switch (name) {
    case 'Ref':
      return refOf(z.string().parse(argument), names);
    case 'Fn::GetAtt':
      return attributeOf(...attributeArguments.parse(argument), names);
    case 'Fn::Join': {
      const [separator, parts] = joinArguments.parse(argument);
      return parts.map((part) => String(resolveIntrinsics(part, names))).join(separator);
    }
    case 'Fn::Select': {
      const [index, parts] = selectArguments.parse(argument);
      return z.array(z.unknown()).parse(resolveIntrinsics(parts, names))[Number(index)];
    }
    case 'Fn::Split': {
      const [separator, text] = splitArguments.parse(argument);
      return String(resolveIntrinsics(text, names)).split(separator);
    }
    case 'Fn::Sub':
      return z
        .string()
        .parse(argument)
        .replaceAll(/\$\{([^}]+)\}/g, (_, id: string) => refOf(id, names));
    default:
      throw new Error(`the local run does not support the template function ${name}`);
  }
}

function refOf(id: string, names: ReadonlyMap<string, ResourceNames>): string {
  const found = pseudo[id] ?? names.get(id)?.ref;
  if (found === undefined) throw new Error(`the template refers to ${id}, which the local run does not have`);
  return found;
}

function attributeOf(id: string, attribute: string, names: ReadonlyMap<string, ResourceNames>): string {
  const found = names.get(id)?.attributes[attribute];
  if (found === undefined)
    throw new Error(`the template refers to ${id}.${attribute}, which the local run does not have`);
  return found;
}
