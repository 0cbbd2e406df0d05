import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { roleIn, type Statement, statementsByRole } from './iam/statements.ts';
import { type ResourceNames, resolveIntrinsics } from './intrinsics.ts';
import { nameOf, namesOf, type Resource, templateSchema } from './resource-names.ts';
import { type ActiveType, idle, IDLE_TYPES, shapes } from './template-shapes.ts';

const strings = z.record(z.string(), z.string());

/** A resource of the template with its local name, and with its properties resolved and checked. */
type Built<Type extends ActiveType> = ResourceNames & {
  readonly name: string;
  readonly properties: z.infer<(typeof shapes)[Type]>;
};

/** The synthesized stack, ready to run. */
export interface Template {
  readonly buckets: readonly Built<'AWS::S3::Bucket'>[];
  readonly queues: readonly Built<'AWS::SQS::Queue'>[];
  /** Each function has the folder of its bundle, and what its role may do. */
  readonly functions: readonly (Built<'AWS::Lambda::Function'> & {
    readonly codeFolder: string;
    /** What its role may do. */
    readonly statements: readonly Statement[];
  })[];
  readonly eventSources: readonly Built<'AWS::Lambda::EventSourceMapping'>[];
  readonly rules: readonly Built<'AWS::Events::Rule'>[];
  readonly machine: Built<'AWS::StepFunctions::StateMachine'>;
  readonly outputs: Readonly<Record<string, string>>;
}

export type LocalFunction = Template['functions'][number];

/** @throws Error that names the unsupported resource, property, or intrinsic function */
export async function readTemplate(assemblyFolder: string): Promise<Template> {
  const file = join(assemblyFolder, 'Meshdrop.template.json');
  const template = templateSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const active = Object.entries(template.Resources).filter(([id, resource]) => isActive(id, resource));
  const names = new Map(
    Object.entries(template.Resources).flatMap(([id, resource]) => {
      const called = namesOf(id, resource, template.Outputs);
      return called ? [[id, called] as const] : [];
    }),
  );

  const all = <Type extends ActiveType>(type: Type) =>
    active
      .filter(([, resource]) => resource.Type === type)
      .map(([id, resource]) => ({ ...build(type, id, resource, names), resource }));
  const statements = statementsByRole(template.Resources, names);
  const [machine] = all('AWS::StepFunctions::StateMachine');
  if (!machine) throw new Error(`${file} contains no state machine`);
  return {
    buckets: all('AWS::S3::Bucket'),
    queues: all('AWS::SQS::Queue'),
    functions: all('AWS::Lambda::Function').map((built) => ({
      ...built,
      codeFolder: codeOf(built.resource, assemblyFolder),
      statements: statements.get(roleIn(built.resource.Properties['Role'])) ?? [],
    })),
    eventSources: all('AWS::Lambda::EventSourceMapping'),
    rules: all('AWS::Events::Rule'),
    machine,
    outputs: strings.parse(
      Object.fromEntries(
        Object.entries(template.Outputs).map(([id, { Value }]) => [id, resolveIntrinsics(Value, names)]),
      ),
    ),
  };
}

function isActive(id: string, { Type }: Resource): boolean {
  if (Type in shapes) return true;
  if (IDLE_TYPES.has(Type)) return false;
  throw new Error(`the local run does not support the resource ${id} of type ${Type}`);
}

function build<Type extends ActiveType>(
  type: Type,
  id: string,
  resource: Resource,
  names: ReadonlyMap<string, ResourceNames>,
): Built<Type> {
  const known: Readonly<Record<string, z.ZodType>> = shapes[type].shape;
  const active = Object.entries(resource.Properties).filter(([property]) => known[property] !== idle);
  const parsed = shapes[type].safeParse(resolveIntrinsics(Object.fromEntries(active), names));
  const called = names.get(id);
  if (parsed.success && called)
    return {
      ...called,
      name: nameOf(resource, id),
      properties: parsed.data as z.infer<(typeof shapes)[Type]>,
    };
  throw new Error(
    `the local run does not support a property of ${id} of type ${type}: ${parsed.error?.issues[0]?.path.join('.')} ${parsed.error?.issues[0]?.message}`,
  );
}

function codeOf({ Metadata }: Resource, assemblyFolder: string): string {
  return join(assemblyFolder, z.string().parse(Metadata['aws:asset:path']));
}
