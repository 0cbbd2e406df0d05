import * as z from 'zod';
import { account, region, type ResourceNames } from './intrinsics.ts';
import { queueUrl } from './sqs/queue-calls.ts';

export const templateSchema = z.object({
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

export type Resource = z.infer<typeof templateSchema>['Resources'][string];
type Outputs = z.infer<typeof templateSchema>['Outputs'];

/** The local names of the two buckets, keyed by the output that names them. */
const BUCKET_NAMES: Readonly<Record<string, string>> = {
  UploadBucketName: 'meshdrop-uploads',
  AssetBucketName: 'meshdrop-assets',
};

/**
 * Returns the local name of a resource: `Uploads-Queue` for `Meshdrop/ImageToModel/Uploads/Queue/Resource`. A function
 * is named by its own ID only.
 */
export function nameOf({ Type, Metadata }: Resource, id: string): string {
  const path = z.string().safeParse(Metadata['aws:cdk:path']).data?.split('/').slice(2, -1) ?? [];
  return (Type === 'AWS::Lambda::Function' ? path.at(-1) : path.join('-')) || id;
}

/** Returns undefined for a resource that the local run never refers to. */
export function namesOf(id: string, resource: Resource, outputs: Outputs): ResourceNames | undefined {
  const name = nameOf(resource, id);
  const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${account}:${rest}`;
  switch (resource.Type) {
    case 'AWS::S3::Bucket': {
      const bucket =
        z.string().safeParse(resource.Properties['BucketName']).data ?? bucketNameOf(id, outputs) ?? name.toLowerCase();
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
    case 'AWS::Logs::LogGroup':
      return { ref: name, attributes: { Arn: arn('logs', `log-group:${name}:*`) } };
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

function bucketNameOf(id: string, outputs: Outputs): string | undefined {
  const output = Object.entries(outputs).find(
    ([, { Value }]) => z.object({ Ref: z.literal(id) }).safeParse(Value).success,
  )?.[0];
  return BUCKET_NAMES[output ?? ''];
}
