import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { eventPatternSchema } from './events/event-pattern.ts';
import { queueUrl } from './sqs/queue-calls.ts';
import { scheduleSchema } from './events/schedule.ts';
import { account, type ResourceNames, region, resolveIntrinsics } from './intrinsics.ts';

/**
 * What the synthesized template holds, resource type by resource type: every property that this run acts on, and by name
 * those that mean nothing on one machine. Whatever is in neither list is refused, not ignored.
 */
const idle = z.unknown().optional();
const strings = z.record(z.string(), z.string());

const shapes = {
  'AWS::S3::Bucket': z.strictObject({
    BucketName: z.string().optional(),
    VersioningConfiguration: z.strictObject({ Status: z.enum(['Enabled', 'Suspended']) }).optional(),
    NotificationConfiguration: z
      .strictObject({ EventBridgeConfiguration: z.strictObject({ EventBridgeEnabled: z.boolean() }) })
      .optional(),
    BucketEncryption: idle,
    LifecycleConfiguration: idle,
    PublicAccessBlockConfiguration: idle,
    Tags: idle,
  }),
  'AWS::SQS::Queue': z.strictObject({
    VisibilityTimeout: z.number().default(30),
    MessageRetentionPeriod: z.number().default(345_600),
    RedrivePolicy: z
      .strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: z.number() })
      .optional(),
    Tags: idle,
  }),
  'AWS::Lambda::Function': z.strictObject({
    Handler: z.string(),
    Environment: z.strictObject({ Variables: strings }).optional(),
    Timeout: z.number().default(3),
    MemorySize: z.number().default(128),
    ReservedConcurrentExecutions: idle,
    DeadLetterConfig: z.strictObject({ TargetArn: z.string() }).optional(),
    Runtime: z.literal('nodejs24.x'),
    Architectures: idle,
    Code: idle,
    Description: idle,
    LoggingConfig: idle,
    Role: idle,
    TracingConfig: idle,
    Tags: idle,
  }),
  'AWS::Lambda::EventSourceMapping': z.strictObject({
    EventSourceArn: z.string(),
    FunctionName: z.string(),
    BatchSize: z.literal(1),
    FunctionResponseTypes: z.tuple([z.literal('ReportBatchItemFailures')]),
    ScalingConfig: z.strictObject({ MaximumConcurrency: z.number() }),
    Tags: idle,
  }),
  'AWS::Events::Rule': z.strictObject({
    EventPattern: eventPatternSchema.optional(),
    /** In milliseconds. */
    ScheduleExpression: scheduleSchema.optional(),
    EventBusName: z.string().default('default'),
    State: z.literal('ENABLED'),
    Targets: z.array(
      z.strictObject({
        Id: z.string(),
        Arn: z.string(),
        DeadLetterConfig: z.strictObject({ Arn: z.string() }).optional(),
      }),
    ),
    Description: idle,
    Tags: idle,
  }),
  'AWS::StepFunctions::StateMachine': z.strictObject({
    DefinitionString: z.string(),
    LoggingConfiguration: idle,
    RoleArn: idle,
    TracingConfiguration: idle,
    Tags: idle,
  }),
  'AWS::SecretsManager::Secret': z.strictObject({ Description: idle, SecretString: idle, Tags: idle }),
} as const;

/** Resources that mean nothing on one machine: nobody checks permissions, logs are files, and nobody is woken at night. */
const IDLE_TYPES = new Set([
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
]);

type ActiveType = keyof typeof shapes;

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).default({}),
      Metadata: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })).default({}),
});

type Resource = z.infer<typeof templateSchema>['Resources'][string];

/** A resource of the template under the name that it has here, its properties resolved and checked. */
type Built<Type extends ActiveType> = ResourceNames & {
  readonly name: string;
  readonly properties: z.infer<(typeof shapes)[Type]>;
};

/** The synthesized stack, ready to be run. */
export interface Template {
  readonly buckets: readonly Built<'AWS::S3::Bucket'>[];
  readonly queues: readonly Built<'AWS::SQS::Queue'>[];
  /** With the folder of their bundles. */
  readonly functions: readonly (Built<'AWS::Lambda::Function'> & { readonly codeFolder: string })[];
  readonly eventSources: readonly Built<'AWS::Lambda::EventSourceMapping'>[];
  readonly rules: readonly Built<'AWS::Events::Rule'>[];
  readonly machine: Built<'AWS::StepFunctions::StateMachine'>;
  readonly outputs: Readonly<Record<string, string>>;
}

export type LocalFunction = Template['functions'][number];

/** What the two buckets are called here, by the output that names them. */
const BUCKET_NAMES: Readonly<Record<string, string>> = {
  UploadBucketName: 'meshdrop-uploads',
  AssetBucketName: 'meshdrop-assets',
};

/** @throws Error naming a resource, property or function of the template that this run does not know */
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
  const [machine] = all('AWS::StepFunctions::StateMachine');
  if (!machine) throw new Error(`${file} holds no state machine`);
  return {
    buckets: all('AWS::S3::Bucket'),
    queues: all('AWS::SQS::Queue'),
    functions: all('AWS::Lambda::Function').map((built) => ({
      ...built,
      codeFolder: codeOf(built.resource, assemblyFolder),
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
  throw new Error(`the local run does not know the resource ${id} of type ${Type}`);
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
    `the local run can not act on ${id} of type ${type}: ${parsed.error?.issues[0]?.path.join('.')} ${parsed.error?.issues[0]?.message}`,
  );
}

/** `Meshdrop/ImageToModel/Uploads/Queue/Resource` is called `Uploads-Queue`. */
function nameOf({ Metadata }: Resource, id: string): string {
  const path = z.string().safeParse(Metadata['aws:cdk:path']).data;
  return path?.split('/').slice(2, -1).join('-') || id;
}

function codeOf({ Metadata }: Resource, assemblyFolder: string): string {
  return join(assemblyFolder, z.string().parse(Metadata['aws:asset:path']));
}

/** Undefined for what nothing here speaks of. */
function namesOf(
  id: string,
  resource: Resource,
  outputs: z.infer<typeof templateSchema>['Outputs'],
): ResourceNames | undefined {
  const name = nameOf(resource, id);
  const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${account}:${rest}`;
  switch (resource.Type) {
    case 'AWS::S3::Bucket': {
      const bucket =
        z.string().safeParse(resource.Properties['BucketName']).data ??
        bucketNameOf(id, outputs) ??
        name.toLowerCase();
      return { ref: bucket, attributes: { Arn: `arn:aws:s3:::${bucket}` } };
    }
    case 'AWS::SQS::Queue':
      return {
        ref: queueUrl(name),
        attributes: { Arn: arn('sqs', name), QueueName: name },
      };
    case 'AWS::Lambda::Function':
      return { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } };
    case 'AWS::StepFunctions::StateMachine':
      return {
        ref: arn('states', `stateMachine:${name}`),
        attributes: { Arn: arn('states', `stateMachine:${name}`), Name: name },
      };
    case 'AWS::SecretsManager::Secret':
      return {
        ref: arn('secretsmanager', `secret:${name}`),
        attributes: { Id: arn('secretsmanager', `secret:${name}`) },
      };
    case 'AWS::Events::Rule':
      return { ref: name, attributes: { Arn: arn('events', `rule/${name}`) } };
    case 'AWS::SNS::Topic':
      return { ref: arn('sns', name), attributes: { TopicArn: arn('sns', name), TopicName: name } };
    case 'AWS::CloudWatch::Alarm':
    case 'AWS::CloudWatch::CompositeAlarm':
      return { ref: name, attributes: { Arn: arn('cloudwatch', `alarm:${name}`) } };
    case 'AWS::CloudWatch::Dashboard':
    case 'AWS::Lambda::EventSourceMapping':
      return { ref: name, attributes: {} };
    default:
      return undefined;
  }
}

function bucketNameOf(id: string, outputs: z.infer<typeof templateSchema>['Outputs']): string | undefined {
  const output = Object.entries(outputs).find(
    ([, { Value }]) => z.object({ Ref: z.literal(id) }).safeParse(Value).success,
  )?.[0];
  return BUCKET_NAMES[output ?? ''];
}

/** The keys that SubmitJob is told to ignore. */
export function ignorePrefixesOf({ functions }: Template): readonly string[] {
  const told = functions.flatMap(
    ({ properties }) => properties.Environment?.Variables['IGNORE_PREFIXES'] ?? [],
  );
  return told.flatMap((list) => z.array(z.string()).parse(JSON.parse(list)));
}
