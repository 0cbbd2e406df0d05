import { optionsHelp } from './command-line.ts';
import { operate } from './operate.ts';
import { redriveRun } from './redrive-run.ts';

const help = `Moves a run on that failed or stands still. What is paid is fetched; nothing is ever paid again.

  npm run redrive -- RUNID [--outputs FILE | --data DIR]

A run whose job exists goes on in its execution, from the state that failed. A run that stands still before that is handed
to SubmitJob again. Where nothing can be fetched, it says so, and what to do.

${optionsHelp}`;

process.exitCode = await operate({ name: 'redrive', help, work: redriveRun }, process.argv.slice(2));
