import { Token } from 'aws-cdk-lib';
import { closestMatch } from 'leven';
import * as z from 'zod';
import { againSchema } from '../functions/submit-job/on-duplicate.ts';
import { glbErrorsSchema } from '../functions/contract/glb-errors.ts';
import { settingsSchema } from '../functions/models/tripo-3-1.ts';
import { WrongSettingError } from './invalid-setting.ts';

const text = (form: RegExp, problem: string) => z.string().min(1).regex(form, problem);
const bucketName = text(
  /^(?!.*(?:\.\.|\.-|-\.))(?!\d+(?:\.\d+){3}$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  'is no name of a bucket: 3 to 63 lower-case letters, digits, dashes and dots between them, no IP address',
);
const whole = (least: number, most = Number.MAX_SAFE_INTEGER) => z.number().int().min(least).max(most);

/**
 * `context.meshdrop` of cdk.json. Everything may be left out.
 *
 * Each by itself: what goes together is checked by ImageToModel, whose props say what each means and is by default.
 */
const configSchema = z
  .strictObject({
    uploadBucketName: bucketName,
    assetBucketName: bucketName,
    eventBusName: text(/^[\w./-]+$/, 'is no name of a bus: letters, digits and . _ / -'),
    scenarioSecretArn: text(
      /^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:.+-\w{6}$/,
      'is no whole ARN of a secret: write arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-a1B2c3',
    ),
    scenarioUrl: z
      .string()
      .refine(
        (url) => URL.parse(url)?.protocol === 'https:' && /^[^?#]+\/v1$/.test(url),
        'is no URL that begins with https:// and ends with /v1',
      ),
    defaults: settingsSchema,
    presets: z.record(z.string(), settingsSchema),
    ignorePrefixes: z.array(z.string().min(1)),
    maxCuPerRun: z.number().positive(),
    maxCuPerDay: z.number().positive(),
    again: againSchema,
    sweepMinutes: whole(15, 1440),
    alarmTopicArn: text(
      /^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/,
      'is no ARN of a topic: write arn:aws:sns:REGION:ACCOUNT:NAME',
    ),
    // At most LONGEST_DEADLINE.
    jobDeadlineMinutes: whole(5, 90),
    maxAssetBytes: whole(1_000_000),
    glbErrors: glbErrorsSchema,
    maxConcurrency: whole(2, 1000),
  })
  .partial();

export type Config = z.infer<typeof configSchema>;

/** @throws WrongSettingError that names the first setting that is wrong and what is allowed */
export function configFrom(context: unknown): Config {
  const parsed = configSchema.safeParse(context ?? {});
  if (parsed.success) return parsed.data;
  throw new WrongSettingError(problemIn(parsed.error));
}

/**
 * The settings that the construct takes as they are, checked in the same way, as far as they are known before the deploy.
 *
 * @throws WrongSettingError
 */
export function checkProps(props: object): void {
  const isKnown = ([name, value]: [string, unknown]) =>
    Object.hasOwn(configSchema.shape, name) && value !== Number.POSITIVE_INFINITY && !isPassedOn(name, value);
  configFrom(Object.fromEntries(Object.entries(props).filter(isKnown)));
}

/** A token, and nothing is computed with it. */
function isPassedOn(name: string, value: unknown): boolean {
  return (name === 'scenarioUrl' || name === 'maxConcurrency') && Token.isUnresolved(value);
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
