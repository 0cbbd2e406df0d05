import { DEPLOYMENT, optionsHelp } from './command-line.ts';
import { operate } from './operate.ts';
import { redriveRun } from './redrive-run.ts';

const help = `Continues a run that failed or got stuck. Fetches what is paid for, and never pays again.

  npx meshdrop redrive RUNID ${DEPLOYMENT}

If the run has a job, its execution continues at the state that failed. Otherwise, SubmitJob receives the upload again. If
there is nothing to fetch, the command says why and what to do.

${optionsHelp}`;

/** @returns the exit code */
export async function redrive(args: readonly string[]): Promise<number> {
  return await operate({ name: 'redrive', help, work: redriveRun }, args);
}
