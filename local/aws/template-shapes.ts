import * as z from 'zod';
import { eventPatternSchema } from './events/event-pattern.ts';
import { scheduleSchema } from './events/schedule.ts';

/** A property that has no effect in a local run. */
export const idle = z.unknown().optional();
const strings = z.record(z.string(), z.string());

/**
 * The properties that the local run uses, by resource type, and those that it knows but ignores. Any other property is
 * an error.
 */
export const shapes = {
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
    RedrivePolicy: z.strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: z.number() }).optional(),
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
    /** Parsed into milliseconds. */
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

/**
 * Resource types that have no effect in a local run: logs are files, and no alarm notifies anyone. The policies of the
 * functions are read apart.
 */
export const IDLE_TYPES = new Set([
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

export type ActiveType = keyof typeof shapes;
