import { type ParseArgsConfig, parseArgs } from 'node:util';
import { closestMatch } from 'leven';
import * as z from 'zod';
import { type RenditionName, renditionNameSchema } from '../../functions/contract/options.ts';
import { OWN_KEYS, OWN_PREFIX, parameterKeys } from '../../functions/models/metadata-keys.ts';
import { resolveParameters } from '../../functions/models/parameters.ts';
import { DEFAULT_MODEL, MODELS } from '../../functions/models/registry.ts';
import { readUploadOptions } from '../../functions/models/upload-options.ts';
import { UsageError } from '../../operator/usage-error.ts';

/** The parsed and validated command line. */
export interface Command {
  readonly images: readonly string[];
  /** The metadata of every image: `{ 'tripo-face-limit': '5000' }`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly data: string;
  readonly out: string;
  readonly port: number;
  readonly pagePort: number;
  /** If undefined, the default depends on the service. */
  readonly speed: number | undefined;
  readonly jobSeconds: number | undefined;
  readonly standIn: boolean;
  readonly json: boolean;
  /** The most compute units that this start can spend. If undefined, the default depends on the service. */
  readonly maxCu: number | undefined;
  /** The files to make of each model. If undefined, those of `cdk.json`. */
  readonly renditions: readonly RenditionName[] | undefined;
  /** Never ask. */
  readonly yes: boolean;
}

export const help = `Runs Meshdrop on this machine, without AWS: drop an image, get a 3D model.

  npm start                              serve a page and an AWS endpoint until Ctrl-C
  npm start -- IMAGE…                    make models of these images, then exit

  --param NAME=VALUE   a parameter for every image, such as --param face-limit=5000 or
                       --param on-duplicate=regenerate (repeatable)
  --out DIR            folder for the models, default ./models
  --data DIR           folder for the state between starts, default .meshdrop
  --max-cu N           compute units that this start can spend, default 400 (with the stand-in: no limit)
  --yes                do not ask before several images cost money
  --renditions LIST    files to make of each model: web,plain,ar,poster,turntable, or none
  --json               print one line of JSON per image to standard output (use npm start --silent -- …)
  --port N             port of the AWS endpoint, default 4566 (with images: any free port)
  --page-port N        port of the page, default 8080 (with images: any free port); 0 means any free port
  --speed N            divide all waits by N, default 1 with the real Scenario, 10 with the stand-in
  --stand-in           never use the real Scenario, even if the environment has keys
  --job-seconds N      duration of a job of the stand-in, default 8, at least 0
  --help, --version

If SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET are set, the real Scenario makes the models, and each image costs
money. Exit codes: 0 if every image became a model, 1 if one did not, 2 for an invalid call, 130 after Ctrl-C.
`;

const options = {
  param: { type: 'string', multiple: true },
  out: { type: 'string' },
  data: { type: 'string' },
  json: { type: 'boolean' },
  'max-cu': { type: 'string' },
  yes: { type: 'boolean' },
  renditions: { type: 'string' },
  port: { type: 'string' },
  'page-port': { type: 'string' },
  speed: { type: 'string' },
  'stand-in': { type: 'boolean' },
  'job-seconds': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const satisfies ParseArgsConfig['options'];

/** @throws UsageError */
export function readCommand(args: readonly string[]): Command | 'help' | 'version' {
  const { values, positionals: images } = parsed(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  if (images.length === 0 && values.param) throw new UsageError('--param needs images: add their paths');
  if (images.length === 0 && values.json) throw new UsageError('--json needs images: add their paths');
  const anyPort = images.length > 0 ? 0 : undefined;
  return {
    images,
    metadata: metadataOf(values.param ?? []),
    data: values.data ?? '.meshdrop',
    out: values.out ?? 'models',
    port: portOf('--port', values.port) ?? anyPort ?? 4566,
    pagePort: portOf('--page-port', values['page-port']) ?? anyPort ?? 8080,
    speed: positiveOf('--speed', values.speed),
    jobSeconds: secondsOf('--job-seconds', values['job-seconds']),
    standIn: values['stand-in'] ?? false,
    json: values.json ?? false,
    maxCu: positiveOf('--max-cu', values['max-cu']),
    renditions: renditionsOf(values.renditions),
    yes: values.yes ?? false,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    const isUnknown = cause instanceof Error && 'code' in cause && cause.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION';
    const unknown = args
      .map((arg) => /^--?([^=]+)/.exec(arg)?.[1])
      .find((name) => name !== undefined && !isKnown(name));
    if (!isUnknown || unknown === undefined) throw new UsageError(firstSentence(cause), { cause });
    const near = closestMatch(unknown, Object.keys(options), { maxDistance: 3 });
    throw new UsageError(
      `there is no option --${unknown}${near ? `, did you mean --${near}?` : ''} (npm start -- --help shows all)`,
      { cause },
    );
  }
}

function isKnown(name: string): boolean {
  return name in options || name === 'h' || name === 'v';
}

/** Describes a known option that is used incorrectly. */
function firstSentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const name = /'(?:-\w, )?--([a-z-]+)/.exec(text)?.[1] ?? '';
  if (name in options) {
    const takesValue = options[name as keyof typeof options].type === 'string';
    return takesValue ? `--${name} needs a value: --${name}=VALUE` : `--${name} takes no value`;
  }
  return `${text.split(/\.\s|\n/)[0]} (npm start -- --help shows what each option takes)`;
}

/**
 * Accepts every metadata key, with or without its prefix, in kebab case or as in `cdk.json`: `face-limit`, `faceLimit`
 * and `tripo-face-limit` mean the same.
 *
 * @throws UsageError if a name or a value is wrong
 */
function metadataOf(params: readonly string[]): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const param of params) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(param) ?? [];
    if (name === undefined || value === undefined)
      throw new UsageError(`--param ${param}: write NAME=VALUE, for example --param face-limit=5000`);
    if (!/^[a-zA-Z0-9-]+$/.test(name))
      throw new UsageError(`--param ${param}: a name can contain only letters, digits, and dashes`);
    if (/[\r\n]/.test(value)) throw new UsageError(`--param ${name}: a value must be on one line`);
    const key = keyOf(name);
    if (key in metadata) throw new UsageError(`--param ${name} is set more than once: set it once`);
    metadata[key] = value;
  }
  const problem = problemIn(metadata);
  if (problem !== undefined) throw new UsageError(`--param: ${problem}`);
  return metadata;
}

/** Every metadata key without its prefix. */
const SHORT_NAMES = [
  ...OWN_KEYS.map((key) => key.slice(OWN_PREFIX.length)),
  ...parameterKeys(DEFAULT_MODEL).map((key) => key.slice(DEFAULT_MODEL.metadataPrefix.length)),
];

function keyOf(name: string): string {
  const kebab = name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
  const prefixes = [OWN_PREFIX, ...MODELS.map(({ metadataPrefix }) => metadataPrefix)];
  if (prefixes.some((prefix) => kebab.startsWith(prefix))) return kebab;
  // A name that is nearly right is corrected under the prefix of what it is near to.
  const near = closestMatch(kebab, SHORT_NAMES, { maxDistance: 2 }) ?? kebab;
  const isOwn = OWN_KEYS.includes(OWN_PREFIX + near);
  return (isOwn ? OWN_PREFIX : DEFAULT_MODEL.metadataPrefix) + kebab;
}

/** What SubmitJob would refuse, whatever the settings of the deployment are. */
function problemIn(metadata: Readonly<Record<string, string>>): string | undefined {
  const options = { model: DEFAULT_MODEL, onDuplicate: 'reuse' } as const;
  const chosen = readUploadOptions(metadata, { options, models: MODELS, metadataAllowed: 'all' });
  if ('failure' in chosen) return chosen.failure.reason;
  const resolved = resolveParameters(chosen.model, 'image', chosen.metadata, { defaults: {}, presets: {} });
  return 'failure' in resolved ? resolved.failure.reason : undefined;
}

function renditionsOf(text: string | undefined): readonly RenditionName[] | undefined {
  if (text === undefined || text === 'none') return text === undefined ? undefined : [];
  const { options: known } = renditionNameSchema;
  const wanted = text.split(',').map((name) => name.trim());
  const wrong = wanted.find((name) => !renditionNameSchema.safeParse(name).success);
  if (wrong === undefined) return z.array(renditionNameSchema).parse(wanted);
  const near = closestMatch(wrong, [...known], { maxDistance: 3 });
  const meant = near === undefined ? '' : `, did you mean ${near}?`;
  throw new UsageError(`--renditions ${wrong}: there is no such file${meant} (known: ${known.join(', ')}, or none)`);
}

function portOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`${option} ${text}: a port must be a whole number from 0 (any free port) to 65535`);
}

function secondsOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (text.trim() !== '' && Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new UsageError(`${option} ${text}: use a number that is at least 0`);
}

function positiveOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number > 0) return number;
  throw new UsageError(`${option} ${text}: use a number greater than 0`);
}
