import { optionsIn } from './options.ts';
import { WrongCallError } from './usage-error.ts';

/** One run, and where it is looked for. */
export interface OperatorCall {
  readonly runId: string;
  /** A file of `cdk deploy --outputs-file`. */
  readonly outputs: string | undefined;
  /** The data folder of a Meshdrop on this machine. */
  readonly data: string | undefined;
}

export const optionsHelp = `  --outputs FILE   the deployment whose outputs this file holds, as npm run deploy writes it
  --data DIR       the Meshdrop that runs on this machine with this data folder

Without either: what runs on this machine with the data folder .meshdrop, else the deployment of cdk.out/outputs.json.
Ends with 0 when it is done, 1 when it can not be done, 2 when it was called wrongly.
`;

const options = {
  outputs: { type: 'string' },
  data: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws WrongCallError */
export function readCall(args: readonly string[]): OperatorCall | 'help' {
  const { values, positionals } = optionsIn(args, { options, allowPositionals: true });
  if (values.help) return 'help';
  const [runId, ...more] = positionals;
  if (runId === undefined || runId === '')
    throw new WrongCallError(
      'which run? Name its id, as oak-3f9a…: it is in every event, manifest and log line',
    );
  if (more.length > 0)
    throw new WrongCallError(`one run at a time: ${positionals.join(' ')} are ${positionals.length}`);
  if (values.outputs !== undefined && values.data !== undefined)
    throw new WrongCallError('--outputs and --data name two deployments: use one of them');
  return { runId, outputs: values.outputs, data: values.data };
}
