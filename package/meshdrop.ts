import { closestMatch } from 'leven';
import { cancel } from '../operator/cancel.ts';
import { doctor } from '../operator/doctor/doctor.ts';
import { pause, resume } from '../operator/pause.ts';
import { redeliver } from '../operator/redeliver.ts';
import { redrive } from '../operator/redrive.ts';
import { renditions } from '../operator/renditions.ts';
import { secret } from '../operator/secret.ts';
import { tryImages } from './try-images.ts';
import { version } from '../local/cli/version.ts';

/** What it does, and for what. */
type Command = readonly [run: (args: readonly string[]) => Promise<number>, does: string];

const COMMANDS: Readonly<Record<string, Command>> = {
  try: [tryImages, 'make models of images on this machine, without AWS'],
  doctor: [doctor, 'check whether a deployment can work; buys nothing'],
  secret: [secret, 'store the API key of Scenario in a deployment'],
  pause: [pause, 'buy nothing until you resume'],
  resume: [resume, 'go on after a pause'],
  redrive: [redrive, 'fetch what is already paid for; never pays again'],
  redeliver: [redeliver, 'announce the result of a run again'],
  renditions: [renditions, 'make the small files of models again'],
  cancel: [cancel, 'end a run that has not paid yet'],
};

const help = `Usage: npx meshdrop COMMAND [options]

${Object.entries(COMMANDS)
  .map(([name, [, does]]) => `  ${name.padEnd(12)}${does}`)
  .join('\n')}

  --help, --version

To see the options of a command, use npx meshdrop COMMAND --help.
`;

/** The one command line of Meshdrop. @returns the exit code */
export async function meshdrop([name = '--help', ...args]: readonly string[]): Promise<number> {
  if (name === '--help' || name === '-h' || name === 'help') return print(help);
  if (name === '--version' || name === '-v') return print(`${version}\n`);
  const [run] = (Object.hasOwn(COMMANDS, name) && COMMANDS[name]) || [];
  if (run) return await run(args);
  const near = closestMatch(name, Object.keys(COMMANDS), { maxDistance: 3 });
  const meant = near === undefined ? '' : `, did you mean ${near}?`;
  process.stderr.write(`meshdrop: there is no command ${name}${meant} (npx meshdrop --help shows all)\n`);
  return 2;
}

function print(text: string): 0 {
  process.stdout.write(text);
  return 0;
}
