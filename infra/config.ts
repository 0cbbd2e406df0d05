import type { App } from 'aws-cdk-lib';
import { closestMatch } from 'leven';
import * as z from 'zod';
import { againSchema } from '../functions/shared/again.ts';
import { errorOf } from '../functions/shared/error-of.ts';
import { glbErrorsSchema } from '../functions/shared/glb-errors.ts';
import { settingsSchema } from '../functions/shared/tripo.ts';
import { uploadSettings } from './parameter-settings.ts';
import { spendLimits } from './spend-limits.ts';

const bucketName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    'is no name of a bucket: 3 to 63 lower-case letters, digits, dots and dashes',
  );

const arn = z.string().startsWith('arn:', 'is no ARN: it begins with arn:').optional();
const whole = (least: number, most = Number.MAX_SAFE_INTEGER) => z.number().int().min(least).max(most);

/** `context.meshdrop` of cdk.json. Everything may be left out. */
const configSchema = z.strictObject({
  uploadBucketName: bucketName.optional().describe('a bucket of your own to drop images in'),
  assetBucketName: bucketName.optional().describe('a bucket of your own for the models'),
  eventBusName: z.string().min(1).optional().describe('a bus of your own for the events'),
  scenarioSecretArn: arn.describe('a secret of your own, JSON with apiKey and apiSecret'),
  scenarioUrl: z
    .url({ protocol: /^https$/, error: 'is no URL; it begins with https:// and ends with /v1' })
    .optional()
    .describe('base of the API, with /v1'),
  defaults: settingsSchema.default({}).describe('parameters of every upload that says nothing else'),
  presets: z.record(z.string(), settingsSchema).default({}).describe('parameters by folder'),
  ignorePrefixes: z.array(z.string().min(1)).default([]).describe('keys that are none of ours'),
  maxCuPerRun: z.number().positive().default(150).describe('compute units that one image may cost'),
  maxCuPerDay: z
    .number()
    .positive()
    .optional()
    .describe('compute units that one day (UTC) may cost; beyond them uploads wait for the next'),
  again: againSchema.default('rerun').describe('what becomes of an image whose model is stored already'),
  sweepMinutes: whole(15, 1440).default(60).describe('how often is looked for what was lost'),
  alarmTopicArn: arn.describe('an SNS topic of your own where alarms ring'),
  jobDeadlineMinutes: whole(5, 90).default(45).describe('how long a job may take'),
  maxAssetBytes: whole(1_000_000).default(2_000_000_000).describe('a larger file of a model is not taken'),
  glbErrors: glbErrorsSchema
    .default('record')
    .describe("what errors of Khronos' validator mean: a note in the manifest, or no model"),
  maxConcurrency: whole(2, 1000).default(2).describe('uploads submitted side by side'),
});

export type Config = z.infer<typeof configSchema>;

/** @throws Error that names the first setting that is wrong and what is allowed */
export function configFrom(app: App): Config {
  return checkConfig(app.node.tryGetContext('meshdrop') ?? {});
}

export function checkConfig(context: unknown): Config {
  const parsed = configSchema.safeParse(context);
  if (!parsed.success) throw wrong(problemIn(parsed.error));
  const { defaults, presets, ignorePrefixes, uploadBucketName, assetBucketName } = parsed.data;
  if (uploadBucketName !== undefined && uploadBucketName === assetBucketName)
    throw wrong(
      'uploadBucketName and assetBucketName are the same bucket: every model would be taken for an upload',
    );
  try {
    spendLimits(parsed.data);
    uploadSettings({ defaults, presets }, ignorePrefixes);
  } catch (error) {
    throw wrong(errorOf(error).message);
  }
  return parsed.data;
}

function wrong(what: string): Error {
  return new Error(`cdk.json, context.meshdrop: ${what}`);
}

function problemIn({ issues }: z.ZodError): string {
  const issue = issues[0];
  if (issue === undefined) return 'is wrong';
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return `${path || 'it'}: ${allowedBy(issue)}`;
  const key = issue.keys[0] ?? '';
  const known = Object.keys(issue.path.length === 0 ? configSchema.shape : settingsSchema.shape);
  const near = known.find((name) => name.startsWith(key)) ?? closestMatch(key, known, { maxDistance: 3 });
  const where = path === '' ? '' : `${path}.`;
  return `${where}${key}: there is no such setting${near ? `, did you mean ${near}?` : ''} (known: ${known.join(', ')})`;
}

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false, without quotes',
  int: 'a whole number',
  number: 'a number, without quotes',
  object: 'an object',
  record: 'an object',
  string: 'a text',
};

/** What to write instead, in the reader's words. */
function allowedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `write ${KINDS[issue.expected] ?? issue.expected}`;
  if (issue.code === 'too_small' && issue.origin === 'string') return 'is empty';
  if (issue.code === 'too_small') return `use ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
  if (issue.code === 'too_big') return `use at most ${issue.maximum}`;
  if (issue.code === 'invalid_value') return `use ${issue.values.join(', ')}`;
  return issue.message;
}
