import { optionsIn } from './options.ts';
import { UsageError } from './usage-error.ts';

/** Which deployment to use. At most one is given. */
export interface DeploymentCall {
  /** The name of a CloudFormation stack. */
  readonly stack?: string | undefined;
  /** A file that `cdk deploy --outputs-file` wrote. */
  readonly outputs: string | undefined;
  /** The data folder of a Meshdrop on this machine. */
  readonly data: string | undefined;
}

/** A run and the deployment to look for it in. */
export interface OperatorCall extends DeploymentCall {
  readonly runId: string;
}

/** The usage of the options below. */
export const DEPLOYMENT = '[--stack NAME | --outputs FILE | --data DIR]';

export const optionsHelp = `  --stack NAME     use the deployment of this CloudFormation stack
  --outputs FILE   use the deployment whose outputs npm run deploy wrote to this file
  --data DIR       use the Meshdrop that runs on this machine with this data folder

By default, the command uses the Meshdrop that runs on this machine with the data folder .meshdrop. If there is none, it
uses the deployment of cdk.out/outputs.json. For AWS, it uses your credentials, as the AWS CLI does (AWS_PROFILE,
AWS_REGION).

Exit codes: 0 for success, 1 if it cannot be done, 2 for an invalid call.
`;

export const deploymentOptions = {
  stack: { type: 'string' },
  outputs: { type: 'string' },
  data: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws UsageError */
export function readCall(args: readonly string[]): OperatorCall | 'help' {
  const { values, positionals } = optionsIn(args, { options: deploymentOptions, allowPositionals: true });
  if (values.help) return 'help';
  const [runId, ...more] = positionals;
  if (runId === undefined || runId === '')
    throw new UsageError('name a run by its ID, such as oak-3f9a…; every event, manifest, and log line has it');
  if (more.length > 0)
    throw new UsageError(`name one run at a time, not ${positionals.length}: ${positionals.join(' ')}`);
  return { runId, ...checkDeployment(values) };
}

/** @throws UsageError if anything but a deployment is named */
export function readDeploymentCall(args: readonly string[]): DeploymentCall | 'help' {
  const { values, positionals } = optionsIn(args, { options: deploymentOptions, allowPositionals: true });
  if (values.help) return 'help';
  // Not which: somebody may have typed a secret.
  if (positionals.length > 0)
    throw new UsageError('the command takes only options; remove what is no option (--help shows all)');
  return checkDeployment(values);
}

/** @throws UsageError if two deployments are named */
export function checkDeployment(values: { stack?: string; outputs?: string; data?: string }): DeploymentCall {
  const { stack, outputs, data } = values;
  const named = Object.entries({ '--stack': stack, '--outputs': outputs, '--data': data });
  const [one, other] = named.flatMap(([option, value]) => (value === undefined ? [] : [option]));
  if (one !== undefined && other !== undefined)
    throw new UsageError(`${one} and ${other} name two deployments; use one of them`);
  return { stack, outputs, data };
}
