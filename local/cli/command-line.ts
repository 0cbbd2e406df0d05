import { type ParseArgsConfig, parseArgs } from 'node:util';
import { closestMatch } from 'leven';
import { UsageError } from '../../operator/usage-error.ts';

/** What the command was asked to do, every value checked. */
export interface Command {
  readonly images: readonly string[];
  /** As metadata of every image: `{ 'tripo-face-limit': '5000' }`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly data: string;
  readonly out: string;
  readonly port: number;
  readonly pagePort: number;
  /** Undefined: whatever suits the service. */
  readonly speed: number | undefined;
  readonly jobSeconds: number | undefined;
  readonly standIn: boolean;
  readonly json: boolean;
}

export const help = `Meshdrop on one machine: drop an image, get a 3D model, without AWS.

  npm start                              serve until Ctrl-C: a page and an AWS endpoint
  npm start -- IMAGE…                    make models of these images, then end

  --param NAME=VALUE   a parameter of every image, e.g. --param face-limit=5000 (may be repeated)
  --out DIR            where models are written, default ./models
  --data DIR           where everything is kept between starts, default .meshdrop
  --json               one line of JSON per image on standard output (use npm start --silent -- …)
  --port N             of the AWS endpoint, default 4566 (with images: any free one)
  --page-port N        of the page, default 8080 (with images: any free one); 0 takes a free one
  --speed N            divide all waits by N, default 1 with the real service, 10 with the stand-in
  --stand-in           never the real Scenario, even with keys in the environment
  --job-seconds N      how long a job of the stand-in takes, default 8
  --help, --version

If SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET are set, the real service makes the models, and each image costs
money. Exit codes: 0 if every image became a model, 1 if one did not, 2 for an invalid call, 130 after Ctrl-C.
`;

const options = {
  param: { type: 'string', multiple: true },
  out: { type: 'string' },
  data: { type: 'string' },
  json: { type: 'boolean' },
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
  if (images.length === 0 && values.param)
    throw new UsageError('--param says something about images, and there are none: add their paths');
  if (images.length === 0 && values.json)
    throw new UsageError('--json prints a line per image, and there are none: add their paths');
  const anyPort = images.length > 0 ? 0 : undefined;
  return {
    images,
    metadata: metadataOf(values.param ?? []),
    data: values.data ?? '.meshdrop',
    out: values.out ?? 'models',
    port: portOf('--port', values.port) ?? anyPort ?? 4566,
    pagePort: portOf('--page-port', values['page-port']) ?? anyPort ?? 8080,
    speed: positiveOf('--speed', values.speed),
    jobSeconds: positiveOf('--job-seconds', values['job-seconds']),
    standIn: values['stand-in'] ?? false,
    json: values.json ?? false,
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

/** Of an option that is known, and used in a wrong way. */
function firstSentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const name = /'(?:-\w, )?--([a-z-]+)/.exec(text)?.[1] ?? '';
  if (name in options) {
    const takesValue = options[name as keyof typeof options].type === 'string';
    return takesValue ? `--${name} needs a value: --${name}=VALUE` : `--${name} takes no value`;
  }
  return `${text.split(/\.\s|\n/)[0]} (npm start -- --help shows what each option takes)`;
}

/** `face-limit=5000` and `tripo-face-limit=5000` mean the same. Whether the model knows it, the product itself answers. */
function metadataOf(params: readonly string[]): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const param of params) {
    const [, name, value] = /^(?:tripo-)?([^=]+)=(.*)$/s.exec(param) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`--param ${param}: write it as NAME=VALUE, for example --param face-limit=5000`);
    }
    if (!/^[a-zA-Z0-9-]+$/.test(name))
      throw new UsageError(`--param ${param}: a name has letters, digits and dashes only`);
    const key = `tripo-${name.toLowerCase()}`;
    if (/[\r\n]/.test(value)) throw new UsageError(`--param ${name}: a value is one line`);
    if (key in metadata) throw new UsageError(`--param ${name} is given twice: once is enough`);
    metadata[key] = value;
  }
  return metadata;
}

function portOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`${option} ${text}: a port is a whole number from 0 (any free one) to 65535`);
}

function positiveOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number > 0) return number;
  throw new UsageError(`${option} ${text}: use a number greater than 0`);
}
