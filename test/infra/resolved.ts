import { CfnElement, type Stack } from 'aws-cdk-lib';
import * as z from 'zod';
import { ServiceFunction } from '../../infra/service-function.ts';

export interface Named<T> {
  readonly name: string;
  readonly resource: T;
}

const pseudo: Readonly<Record<string, string>> = {
  'AWS::Region': 'us-east-1',
  'AWS::AccountId': '111122223333',
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

/**
 * What each logical id is called: its construct's path, without the stack, the construct and CDK's own last words. A
 * function and what belongs to it begin with the function's own id.
 */
export function namesIn(stack: Stack): ReadonlyMap<string, string> {
  const elements = stack.node.findAll().filter((node): node is CfnElement => node instanceof CfnElement);
  return new Map(
    elements.map((element) => {
      const id: unknown = stack.resolve(element.logicalId);
      const owner = element.node.scopes.find((node) => node instanceof ServiceFunction);
      const path = element.node.path
        .slice(owner?.node.scope?.node.path.length ?? 0)
        .split('/')
        .slice(1);
      const words = path.filter((word) => word !== 'ImageToModel' && word !== 'Resource');
      return [z.string().parse(id), words.join('/')];
    }),
  );
}

const join = z.tuple([z.string(), z.array(z.unknown())]);
const attribute = z.tuple([z.string(), z.string()]);
const partOf = z.tuple([z.number(), z.object({ 'Fn::Split': z.tuple([z.string(), z.unknown()]) })]);

/** Replaces references by the names of what they refer to. */
export function resolved(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => resolved(item, names));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [intrinsic, argument]: readonly [string?, unknown?] = entries[0] ?? [];
  if (entries.length === 1) {
    if (intrinsic === 'Ref') return nameOf(z.string().parse(argument), names);
    if (intrinsic === 'Fn::GetAtt') {
      const [id, name] = attribute.parse(argument);
      return `${nameOf(id, names)}.${name}`;
    }
    if (intrinsic === 'Fn::Select') {
      const [part, { 'Fn::Split': split }] = partOf.parse(argument);
      return `${String(resolved(split[1], names))}[${part}]`;
    }
    if (intrinsic === 'Fn::Join') {
      const [separator, parts] = join.parse(argument);
      return parts.map((part) => String(resolved(part, names))).join(separator);
    }
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, resolved(item, names)]));
}

function nameOf(id: string, names: ReadonlyMap<string, string>): string {
  return pseudo[id] ?? names.get(id) ?? id;
}
