import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Handle, Loopback } from '../http/loopback.ts';
import { answerJson } from './aws-json.ts';
import type { AwsHooks } from './aws-options.ts';
import { systemClock } from './clock.ts';
import { type Aws, createAws } from './create-aws.ts';
import { openDurableFiles } from './durable-files.ts';
import { type LambdaHost, startLambdaHost } from './lambda/lambda-host.ts';
import { createS3Handler } from './s3/handler.ts';
import type { Execution } from './states/execution.ts';
import type { Template } from './template.ts';

export interface LocalAwsOptions {
  readonly template: Template;
  /** For queues, executions and objects. */
  readonly folder: string;
  readonly logFolder: string;
  readonly server: Loopback;
  /** In place of the template's values, for the functions that have these variables. */
  readonly variables: Readonly<Record<string, string>>;
  /** By their ARN. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Whether anybody may read the secrets, or the functions only. */
  readonly areSecretsOpen: boolean;
  readonly speed: number;
  readonly hooks: AwsHooks;
  /** Told every line that a function writes. */
  readonly onLog: (line: string) => void;
}

/** The stack in the time of this machine, its functions in processes of their own, and an endpoint on loopback. */
export interface LocalAws extends Aws {
  /** Answers requests from now on. */
  serve(): void;
}

/**
 * When schedules are due for the first time. What an earlier process left behind may need a repair, and nobody should have
 * to wait an hour for it; a run of a few images is over by then, and no process was started for nothing.
 */
const FIRST_SCHEDULE_MS = 15_000;

/** Goes on where an earlier process stopped. */
export async function openLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  const { template, folder, logFolder, server, variables, secrets, areSecretsOpen, speed } = options;
  const accessKeyId = randomUUID();
  const host = await startLambdaHost({
    functions: template.functions,
    endpoint: server.origin,
    variables,
    accessKeyId,
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
    secretsOnlyFor: areSecretsOpen ? undefined : accessKeyId,
    onTrouble: tellTrouble,
    hooks: options.hooks,
  });
  return {
    ...aws,
    serve: () => server.serve(endpointOf(aws)),
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

/** One address for all services: AWS' JSON protocols name their operation in a header, S3 does not. */
function endpointOf({ store, jsonTools }: Aws): Handle {
  const answerS3 = createS3Handler(store);
  return (request, response) => {
    const target = request.headers['x-amz-target'];
    if (typeof target !== 'string') return answerS3(request, response);
    return answerJson(target, request, response, jsonTools);
  };
}

/** Starts the processes that every run needs; what only failures need can wait for one. */
function warmFunctions({ functions }: Template, host: LambdaHost): void {
  for (const { name, properties } of functions) if (!properties.DeadLetterConfig) host.warm(name);
}

function tellTrouble({ name }: Execution, error: unknown): void {
  process.stderr.write(`meshdrop: the end of ${name} was not kept: ${String(error)}\n`);
}
