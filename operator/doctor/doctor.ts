import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { systemClock } from '../../functions/platform/clock.ts';
import { toError } from '../../functions/platform/errors.ts';
import { parseJson } from '../../functions/platform/json.ts';
import { DEFAULT_MODEL, modelNamed } from '../../functions/models/registry.ts';
import { parameterSettingsSchema } from '../../functions/models/parameters.ts';
import { checkDeployment, DEPLOYMENT, type DeploymentCall, deploymentOptions, optionsHelp } from '../command-line.ts';
import { type Deployment, findDeployment } from '../deployment.ts';
import { callWith } from '../operate.ts';
import { clientConfig } from '../operator-tools.ts';
import { optionsIn } from '../options.ts';
import { keysIn } from '../secret.ts';
import { REAL_URL, serviceIn } from '../service.ts';
import { UsageError } from '../usage-error.ts';
import { checkAws, createAwsClients } from './check-aws.ts';
import { checkScenario } from './check-scenario.ts';
import { type Finding, problem, skipped } from './finding.ts';
import { type FunctionSettings, settingsOfFunctions } from './function-settings.ts';

const help = `Checks whether a deployment can work: the account at Scenario, the model, its price, the buckets, and the alarms. Buys
nothing, and changes nothing but one small image that it uploads to Scenario.

  npx meshdrop doctor [--json] ${DEPLOYMENT}

  --json           print one JSON document: { ok, deployment, scenario, checks: [{ check, status, message, fix }] }
${optionsHelp}
It uses the key in SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET, or else the secret of the deployment. Without a
deployment, it checks only Scenario. A status is ok, warning, problem, or skipped. The exit code is 1 if there is a
problem.
`;

const options = { ...deploymentOptions, json: { type: 'boolean' } } as const;

interface DoctorCall extends DeploymentCall {
  readonly json: boolean;
}

/** @returns the exit code */
export async function doctor(args: readonly string[]): Promise<number> {
  return await callWith({ name: 'doctor', help, read: readDoctorCall }, args, async (call, say) => {
    const deployment = await deploymentFor(call);
    const keys = await keysFor(deployment, process.env);
    if (deployment) say(`checking ${deployment.name}`);
    if (!('url' in keys)) say(keys.message);
    else say(`asking ${keys.url}; nothing is bought`);
    const findings = await examine(deployment, keys);
    report({ findings, deployment, keys }, call.json);
    return findings.some(({ status }) => status === 'problem') ? 1 : 0;
  });
}

/** @throws UsageError */
function readDoctorCall(args: readonly string[]): DoctorCall | 'help' {
  const { values, positionals } = optionsIn(args, { options, allowPositionals: true });
  if (values.help) return 'help';
  if (positionals.length > 0) throw new UsageError(`doctor takes only options; remove ${positionals.join(' ')}`);
  return { ...checkDeployment(values), json: values.json ?? false };
}

/** Undefined if none is named, and none is found. */
async function deploymentFor(call: DeploymentCall): Promise<Deployment | undefined> {
  const isNamed = [call.stack, call.outputs, call.data].some((name) => name !== undefined);
  return await findDeployment(call).catch((error: unknown) => {
    if (!isNamed && error instanceof UsageError) return undefined;
    throw error;
  });
}

interface Keys {
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}
interface NoKeys {
  readonly message: string;
  readonly fix: string;
}

async function keysFor(deployment: Deployment | undefined, env: NodeJS.ProcessEnv): Promise<Keys | NoKeys> {
  const service = serviceIn(env, false);
  if (!service.standIn) return service;
  const SecretId = deployment?.outputs.ScenarioSecretArn;
  if (!deployment || SecretId === undefined)
    return {
      message: 'there is no key of Scenario to check with',
      fix: 'set SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET, or name a deployment',
    };
  try {
    const client = new SecretsManagerClient(clientConfig(deployment));
    const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId }));
    return { url: (await standInOf(deployment)) ?? REAL_URL, ...keysIn(SecretString) };
  } catch (error) {
    if (error instanceof UsageError)
      return {
        message: 'the secret of the deployment has no key, so uploads wait',
        fix: 'store one: npx meshdrop secret',
      };
    if (deployment.endpoint !== undefined)
      return {
        message: 'the Meshdrop on this machine keeps its key to itself',
        fix: 'set SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET here, too',
      };
    return { message: `the secret cannot be read: ${toError(error).message}`, fix: 'check your permissions' };
  }
}

/** The address of the stand-in that a Meshdrop on this machine uses. */
async function standInOf({ data }: Deployment): Promise<string | undefined> {
  if (data === undefined) return undefined;
  const text = await readFile(join(data, 'local.json'), 'utf8').catch(() => '');
  const running = z.object({ scenario: z.string(), standIn: z.literal(true) }).safeParse(parseJson(text)).data;
  return running && `${running.scenario}/v1`;
}

async function examine(deployment: Deployment | undefined, keys: Keys | NoKeys): Promise<readonly Finding[]> {
  const inAws = deployment && deployment.endpoint === undefined ? deployment : undefined;
  const settings: FunctionSettings = inAws ? await settingsOfFunctions(inAws) : {};
  const parameters = parameterSettingsSchema.safeParse(parseJson(settings['PARAMETER_SETTINGS'] ?? '')).data;
  const limit = Number(settings['MAX_CU_PER_RUN']);
  const scenario =
    'url' in keys
      ? await checkScenario({
          ...keys,
          url: settings['SCENARIO_URL'] ?? keys.url,
          model: modelNamed(settings['MODEL'] ?? '') ?? DEFAULT_MODEL,
          defaults: parameters?.defaults ?? {},
          resultHosts: listIn(settings['RESULT_HOSTS']),
          maxCuPerRun: limit > 0 ? limit : undefined,
          clock: systemClock,
          fetch,
        })
      : [{ check: 'credentials', ...problem(keys.message, keys.fix) }];
  const aws = inAws
    ? await checkAws(inAws, listIn(settings['MORE_UPLOAD_BUCKETS']), createAwsClients(inAws.region))
    : [{ check: 'aws', ...skipped('no deployment in AWS is named: use --stack or --outputs') }];
  return [...scenario, ...aws];
}

function listIn(json = ''): readonly string[] {
  return z.array(z.string()).safeParse(parseJson(json)).data ?? [];
}

const MARKS: Readonly<Record<Finding['status'], string>> = {
  ok: '  ok     ',
  warning: 'WARNING  ',
  problem: 'PROBLEM  ',
  skipped: 'skipped  ',
};

interface Report {
  readonly findings: readonly Finding[];
  readonly deployment: Deployment | undefined;
  readonly keys: Keys | NoKeys;
}

function report({ findings, deployment, keys }: Report, asJson: boolean): void {
  const problems = findings.filter(({ status }) => status === 'problem').length;
  if (asJson) {
    const scenario = 'url' in keys ? keys.url : null;
    const told = { ok: problems === 0, deployment: deployment?.name ?? null, scenario, checks: findings };
    process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
    return;
  }
  for (const { check, status, message, fix } of findings)
    process.stdout.write(
      `${MARKS[status]}${check.padEnd(14)}${message}\n${fix === null ? '' : `${' '.repeat(23)}→ ${fix}\n`}`,
    );
  const warnings = findings.filter(({ status }) => status === 'warning').length;
  process.stdout.write(
    `\n${counted(problems, 'problem')} and ${counted(warnings, 'warning')} in ${counted(findings.length, 'check')}\n`,
  );
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
