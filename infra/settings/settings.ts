import { Token, aws_logs as logs } from 'aws-cdk-lib';
import * as z from 'zod';
import { closestMatch } from 'leven';
import { OWN_KEYS, parameterKeys } from '../../functions/models/metadata-keys.ts';
import { settingsSchemaOf } from '../../functions/models/parameters.ts';
import { DEFAULT_MODEL, MODELS } from '../../functions/models/registry.ts';
import { conflictIn } from './conflicts.ts';
import { type FunctionName, MEMORY } from './memory.ts';
import { InvalidSettingError } from './invalid-setting.ts';
import { problemIn } from './problem.ts';
import {
  glbErrorsSchema,
  metadataAllowedSchema,
  onDuplicateSchema,
  renditionNameSchema,
} from '../../functions/contract/options.ts';

/** The state machine allows half an hour more, to store the files: `generation-machine.ts`. */
const MAX_DEADLINE_MINUTES = 90;

/** A value that only the deployment knows is passed on unchecked. */
function text(form: RegExp, problem: string) {
  const isValid = (value: string) => Token.isUnresolved(value) || form.test(value);
  return z.string().min(1).refine(isValid, problem);
}

const bucketName = text(
  /^(?!.*(?:\.\.|\.-|-\.))(?!\d+(?:\.\d+){3}$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  'is not a valid bucket name: use 3 to 63 lowercase letters, digits, hyphens, and single dots, but not an IP address',
);
const busName = text(/^[\w./-]+$/, 'is not a valid event bus name: use letters, digits, and . _ / -');
const secretArn = text(
  /^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:.+-\w{6}$/,
  'is not a complete secret ARN: use arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-a1B2c3',
);
const topicArn = text(
  /^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/,
  'is not a topic ARN: use arn:aws:sns:REGION:ACCOUNT:NAME',
);
const keyArn = text(
  /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/,
  'is not a key ARN: use arn:aws:kms:REGION:ACCOUNT:key/ID, not an alias',
).optional();
const apiUrl = text(
  /^https:\/\/[\w.-]+(?::\d+)?(?:\/[^\s?#]*)?\/v1$/,
  'is not a valid URL: it must start with https:// and end with /v1',
);

/** The range that SQS accepts for an event source. A value that only the deployment knows is passed on unchecked. */
const isConcurrency = (value: number) =>
  Token.isUnresolved(value) || (Number.isInteger(value) && value >= 2 && value <= 1000);
const concurrency = z.number().refine(isConcurrency, 'use a whole number from 2 to 1000');
const computeUnits = z.number().positive();

const metadataKeys = [...OWN_KEYS, ...MODELS.flatMap(parameterKeys)];
const metadataAllowed = metadataAllowedSchema.superRefine((allowed, context) => {
  const wrong = Array.isArray(allowed) ? allowed.find((key) => !metadataKeys.includes(key)) : undefined;
  if (wrong === undefined) return;
  const near = closestMatch(wrong, metadataKeys, { maxDistance: 5 });
  context.addIssue(`there is no metadata key ${wrong}${near === undefined ? '' : `, did you mean ${near}?`}`);
});
const parametersSchema = settingsSchemaOf(DEFAULT_MODEL);
const folders = z.record(z.string(), parametersSchema);
const prefixes = z.array(z.string().min(1));

const memoryOfFunctions = Object.fromEntries(
  Object.entries(MEMORY).map(([name, least]) => [name, z.int().min(least).max(10_240).optional()]),
) as Record<FunctionName, z.ZodOptional<z.ZodInt>>;

/** What CloudWatch accepts, except for "forever". */
const RETENTION_DAYS = Object.values(logs.RetentionDays)
  .filter((days) => typeof days === 'number')
  .filter((days) => days < logs.RetentionDays.INFINITE);

/** The settings that are plain values, in `cdk.json` and in the props of the construct. */
export const plainSettings = z.strictObject({
  scenarioUrl: apiUrl
    .default('https://api.cloud.scenario.com/v1')
    .describe('the base URL of the Scenario API, including `/v1`'),
  model: z
    .enum(MODELS.map(({ name }) => name))
    .default(DEFAULT_MODEL.name)
    .describe('the model that turns images into 3D models'),
  defaults: parametersSchema.default({}).describe("parameters for all uploads; by default, the model's own"),
  presets: folders
    .default({})
    .describe('parameters by folder: `{ "chairs/": { "faceLimit": 20000 } }`; the longest match wins'),
  ignorePrefixes: prefixes.default([]).describe('uploads to ignore, by the start of their key'),
  ignoreNames: z
    .array(z.string().regex(/^[^/]+$/, 'use a glob for the last part of keys, without a slash'))
    .default([])
    .describe('uploads to ignore, by the last part of their key: `["*.psd", "draft-*"]`; case does not count'),
  maxCuPerRun: computeUnits
    .default(150)
    .describe('compute units that one image can cost; a more expensive image is rejected'),
  maxCuPerDay: z
    .union([z.number(), z.literal('none')], "use a number more than 0, or 'none' for no limit")
    .refine((limit) => limit === 'none' || limit > 0, "use a number more than 0, or 'none' for no limit")
    .default(1500)
    .describe('compute units that one day (UTC) can cost, or `none`; more uploads wait for the next day'),
  alarmCuPerHour: computeUnits.default(400).describe('compute units submitted within one hour that ring an alarm'),
  metadataAllowed: metadataAllowed
    .default('all')
    .describe('the metadata keys that uploads can use: `all`, `none`, or a list such as `["tripo-quad"]`'),
  carryMetadata: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'use the name of a metadata key in lower case: sku'))
    .default([])
    .describe('the uploads\' own metadata that travels to manifests and events, at most 2 KB: `["sku"]`'),
  onDuplicate: onDuplicateSchema
    .default('reuse')
    .describe('for the same image with the same parameters: `reuse` pays once, `regenerate` pays each time'),
  maxAssetBytes: z.int().min(1_000_000).default(2_000_000_000).describe('the largest file to store, in bytes'),
  glbErrors: glbErrorsSchema
    .default('report')
    .describe('if a GLB file has errors: `report` lists them in the manifest, `fail` also refuses the model'),
  resultHosts: z
    .array(
      z
        .string()
        .regex(/^(?=.{4,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'use a host name in lower case: d111.cloudfront.net'),
    )
    .default([])
    .describe('more hosts that files are copied from, with everything below them; by default, only those of Scenario'),
  renditions: z
    .array(renditionNameSchema)
    .default(['web', 'ar', 'poster', 'turntable'])
    .describe('files to make of each model: `web`, `plain`, `ar`, `poster`, `turntable`; `[]` for none'),
  webMaxTriangles: z
    .int()
    .min(100)
    .max(5_000_000)
    .default(100_000)
    .describe('triangles that `web` and `plain` can have'),
  webMaxBytes: z.int().min(100_000).default(5_000_000).describe('bytes that `web` and `plain` can have'),
  posterBackground: z
    .string()
    .regex(/^(?:transparent|#[\da-fA-F]{6})$/, 'use transparent, or a color such as #ffffff')
    .default('transparent')
    .describe('the background of `poster` and `turntable`: `transparent`, or a color such as `#ffffff`'),
  maxConcurrency: concurrency.default(2).describe('uploads that are submitted at the same time'),
  memory: z
    .strictObject(memoryOfFunctions)
    .default({})
    .describe('more memory for functions, in MiB: `{ "StoreAssets": 1024 }`; by default, what each was tested with'),
  dashboard: z
    .boolean()
    .default(true)
    .describe('whether to make a dashboard; CloudWatch bills $3 a month for each after the third of an account'),
  runbookUrl: z
    .string()
    .min(1)
    .max(400)
    .default('docs/operations.md')
    .describe('where your team keeps docs/operations.md; each alarm links to its own section there'),
  logLevel: z
    .enum(['DEBUG', 'INFO', 'WARN', 'ERROR'])
    .default('INFO')
    .describe('the least important log lines to keep: `DEBUG`, `INFO`, `WARN`, or `ERROR`'),
  logRetentionDays: z
    .literal(RETENTION_DAYS)
    .default(90)
    .describe('days that logs are kept, as CloudWatch offers them'),
  tracing: z.boolean().default(true).describe('whether AWS X-Ray traces functions and executions'),
  removalPolicy: z
    .enum(['retain', 'destroy'])
    .default('retain')
    .describe(
      'what happens to new buckets when you delete the stack: `retain` keeps them, `destroy` deletes them if they are empty',
    ),
});

/**
 * Every setting of `context.meshdrop` in `cdk.json`. The names, ARNs, and minutes are objects in the props of the
 * construct. `npm run docs` makes README's table of the descriptions, which name a default that is no plain value.
 */
export const settingsSchema = z.strictObject({
  stackName: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/, 'use letters, digits, and hyphens, and begin with a letter')
    .default('Meshdrop')
    .describe('the name of the stack'),
  stage: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/, 'use up to 32 letters, digits, and hyphens: staging')
    .optional()
    .describe('added to the name of the stack, for several deployments in one account: `staging`; by default, none'),
  uploadBucketName: bucketName
    .optional()
    .describe('your own bucket for images, with EventBridge notifications on; by default, a new one'),
  assetBucketName: bucketName
    .optional()
    .describe('your own bucket for models; by default, a new one that outlives the stack'),
  uploadBucketKeyArn: keyArn.describe('the KMS key of your own upload bucket; by default, none'),
  assetBucketKeyArn: keyArn.describe('the KMS key of your own asset bucket; by default, none'),
  eventBusName: busName.optional().describe("your own event bus; by default, the account's default bus"),
  scenarioSecretArn: secretArn
    .optional()
    .describe('your own secret, with the JSON `{ "apiKey", "apiSecret" }`; by default, a new, empty one'),
  secretKeyArn: keyArn.describe('the KMS key of your own secret; by default, none'),
  alarmTopicArn: topicArn
    .optional()
    .describe(
      'your own SNS topic for alarms, whose policy and KMS key let cloudwatch.amazonaws.com publish; by default, none: alarms only show in the console',
    ),
  accessLogBucketName: bucketName
    .optional()
    .describe('your own bucket for the server access logs of new buckets; by default, none'),
  sweepMinutes: z.int().min(15).max(1440).default(60).describe('minutes between searches for lost uploads'),
  jobDeadlineMinutes: z.int().min(5).max(MAX_DEADLINE_MINUTES).default(45).describe('minutes a job can take'),
  ...plainSettings.shape,
});

export type Settings = z.infer<typeof settingsSchema>;

/** Only the settings that are also props of the construct. */
export function plainSettingsOf(settings: Settings): z.infer<typeof plainSettings> {
  const names = Object.keys(plainSettings.shape);
  return plainSettings.parse(Object.fromEntries(Object.entries(settings).filter(([name]) => names.includes(name))));
}

/**
 * Fills in the defaults.
 *
 * @param given `context.meshdrop` of `cdk.json`, or what the props of the construct amount to
 * @throws InvalidSettingError naming the first invalid setting and what is allowed
 */
export function readSettings(given: unknown): Settings {
  const parsed = settingsSchema.safeParse(given ?? {});
  if (!parsed.success) throw new InvalidSettingError(problemIn(parsed.error, namesAt));
  const conflict = conflictIn(parsed.data);
  if (conflict !== undefined) throw new InvalidSettingError(conflict);
  return parsed.data;
}

/** The names that exist at a path: settings at the top, functions or parameters of the model below. */
function namesAt(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return Object.keys(settingsSchema.shape);
  return Object.keys(path[0] === 'memory' ? MEMORY : parametersSchema.shape);
}
