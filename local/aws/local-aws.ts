import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Handle, Loopback } from '../http/loopback.ts';
import { accessKeyIdIn, answerJson } from './aws-json.ts';
import type { AwsHooks } from './aws-options.ts';
import { systemClock } from './clock.ts';
import { type Aws, createAws } from './create-aws.ts';
import { openDurableFiles } from '../files/durable-files.ts';
import { guardOf } from './iam/gatekeeper.ts';
import { type LambdaHost, startLambdaHost } from './lambda/lambda-host.ts';
import { createS3Handler } from './s3/handler.ts';
import type { Execution } from './states/execution.ts';
import type { Template } from './template.ts';

export interface LocalAwsOptions {
  readonly template: Template;
  /** The folder for queues, executions, and objects. */
  readonly folder: string;
  readonly logFolder: string;
  readonly server: Loopback;
  /** Replaces the template's values in functions that have these variables. */
  readonly variables: Readonly<Record<string, string>>;
  /** If given, requests that change something must carry it as the access key ID. */
  readonly token?: string | undefined;
  /** Keyed by ARN. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Whether any caller can read the secrets. If false, only the functions can. */
  readonly areSecretsOpen: boolean;
  readonly speed: number;
  readonly hooks: AwsHooks;
  /** Called with every line that a function writes. */
  readonly onLog: (line: string) => void;
}

/** The stack on the system clock, with functions in their own processes and an endpoint on the loopback interface. */
export interface LocalAws extends Aws {
  /** Starts to answer requests. */
  serve(): void;
}

/**
 * The delay before schedules run for the first time. An earlier process can leave work that needs a repair, and an hour
 * is too long to wait for it. A run of a few images ends sooner and doesn't start the extra process.
 */
const FIRST_SCHEDULE_MS = 15_000;

/** Opens the stack and continues where an earlier process stopped. */
export async function openLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  const { template, folder, logFolder, server, variables, token, secrets, areSecretsOpen, speed } = options;
  const callers = new Map(template.functions.map(({ name }) => [randomUUID() as string, name]));
  const accessKeyIdOf = (name: string) => [...callers].find(([, one]) => one === name)?.[0] ?? '';
  const host = await startLambdaHost({
    functions: template.functions,
    endpoint: server.origin,
    variables,
    accessKeyIdOf,
    onLog: options.onLog,
    logFolder,
  });
  const aws = await createAws({
    template,
    clock: systemClock,
    random: Math.random,
    newId: randomUUID,
    files: (name) => openDurableFiles(join(folder, name)),
    objectFolder: join(folder, 's3'),
    invoke: (name, event) => host.invoke(name, event),
    speed,
    firstScheduleMs: FIRST_SCHEDULE_MS,
    secrets,
    secretsOnlyFor: areSecretsOpen ? undefined : [...callers.keys()],
    onTrouble: tellTrouble,
    hooks: options.hooks,
  });
  return {
    ...aws,
    serve: () => server.serve(endpointOf(aws, callers), token === undefined ? undefined : [token, ...callers.keys()]),
    begin: () => {
      aws.begin();
      warmFunctions(template, host);
    },
    close: async () => {
      host.close();
      await aws.close();
      await server.close();
    },
  };
}

/**
 * Serves all services at one address. Calls of the AWS JSON protocols name their operation in a header, and S3 requests
 * don't.
 */
function endpointOf({ store, jsonTools, gatekeeper }: Aws, callers: ReadonlyMap<string, string>): Handle {
  const answerS3 = createS3Handler(store);
  return (request, response) => {
    const functionName = callers.get(accessKeyIdIn(request) ?? '');
    const target = request.headers['x-amz-target'];
    if (typeof target === 'string') return answerJson(target, request, response, jsonTools, functionName);
    return answerS3(request, response, functionName === undefined ? undefined : guardOf(gatekeeper, functionName));
  };
}

/** Starts the processes that every run needs. Functions that only handle failures start on demand. */
function warmFunctions({ functions }: Template, host: LambdaHost): void {
  for (const { name, properties } of functions) if (!properties.DeadLetterConfig) host.warm(name);
}

function tellTrouble({ name }: Execution, error: unknown): void {
  process.stderr.write(`meshdrop: cannot save the end of execution ${name}: ${String(error)}\n`);
}
