import { Stack } from 'aws-cdk-lib';
import * as z from 'zod';
import { ImageToModel, type ImageToModelProps } from '../../infra/image-to-model.ts';
import { MeshdropStack } from '../../infra/meshdrop-stack.ts';
import { readSettings } from '../../infra/settings/settings.ts';
import { testApp, validTemplate } from './app.ts';
import { namesIn, resolved, type Named } from './resolved.ts';

const resourceShape = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
});
const templateShape = z.object({
  Resources: z.record(z.string(), resourceShape),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })).default({}),
});

type Resource = z.infer<typeof resourceShape>;

/** A template whose references read as what they refer to: `UploadBucket`, `CheckJob.Arn`, `UploadBucket.Arn/*`. */
export interface Synthesized {
  /** Of this type, by the name of their construct below ImageToModel. */
  resources(type: string): Readonly<Record<string, Resource>>;
  /** The properties of the one of this type and name. */
  properties(type: string, name: string): Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly text: string;
}

function synthesized(stack: Stack): Synthesized {
  const raw = validTemplate(stack).toJSON();
  const names = namesIn(stack);
  const { Resources, Outputs } = templateShape.parse(resolved(raw, names));
  const named: readonly Named<Resource>[] = Object.entries(Resources).map(([id, resource]) => ({
    name: names.get(id) ?? id,
    resource,
  }));

  function resources(type: string): Readonly<Record<string, Resource>> {
    const found = named.filter(({ resource }) => resource.Type === type);
    return Object.fromEntries(found.map(({ name, resource }) => [name, resource]));
  }

  return {
    resources,
    properties: (type, name) => {
      const found = resources(type)[name];
      if (!found) throw new Error(`no ${type} ${name} among ${Object.keys(resources(type)).join(', ')}`);
      return found.Properties;
    },
    outputs: Object.fromEntries(Object.entries(Outputs).map(([name, { Value }]) => [name, Value])),
    text: JSON.stringify(raw),
  };
}

/** What `cdk deploy` would deploy with these settings. */
export function synthesizedStack(settings: object = {}): Synthesized {
  return synthesized(new MeshdropStack(testApp(), 'Meshdrop', readSettings(settings)));
}

/** The construct in somebody's own stack. */
export function synthesizedConstruct(
  propsIn: (stack: Stack) => ImageToModelProps,
  use: (construct: ImageToModel, stack: Stack) => void = () => undefined,
): Synthesized {
  const stack = new Stack(testApp(), 'Theirs');
  use(new ImageToModel(stack, 'ImageToModel', propsIn(stack)), stack);
  return synthesized(stack);
}

export const functionNames = ['CheckJob', 'MakeRenditions', 'ReportFailure', 'StoreAssets', 'SubmitJob', 'Sweep'];

/** The event sources that feed a function. */
export function eventSourcesOf(synthesized: Synthesized, name: string): readonly Readonly<Record<string, unknown>>[] {
  return Object.values(synthesized.resources('AWS::Lambda::EventSourceMapping'))
    .map(({ Properties }) => Properties)
    .filter(({ FunctionName }) => FunctionName === name);
}
