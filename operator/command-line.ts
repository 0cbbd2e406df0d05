import { optionsIn } from './options.ts';
import { UsageError } from './usage-error.ts';

/** A run and the deployment to look for it in. */
export interface OperatorCall {
  readonly runId: string;
  /** A file that `cdk deploy --outputs-file` wrote. */
  readonly outputs: string | undefined;
  /** The data folder of a Meshdrop on this machine. */
  readonly data: string | undefined;
}

export const optionsHelp = `  --outputs FILE   use the deployment whose outputs npm run deploy wrote to this file
  --data DIR       use the Meshdrop that runs on this machine with this data folder

By default, the command uses the Meshdrop that runs on this machine with the data folder .meshdrop. If there is none, it
uses the deployment of cdk.out/outputs.json.

Exit codes: 0 for success, 1 for a run that cannot be helped, 2 for an invalid call.
`;

export const deploymentOptions = {
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

/** @throws UsageError if two deployments are named */
export function checkDeployment({ outputs, data }: { readonly outputs?: string; readonly data?: string }) {
  if (outputs !== undefined && data !== undefined)
    throw new UsageError('--outputs and --data name two deployments; use one of them');
  return { outputs, data };
}
