import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { nextSteps } from './next-steps.ts';

/**
 * Runs `cdk deploy` with all arguments, and then prints what to do next.
 *
 *   npm run deploy -- --profile prod -c meshdrop.stage=staging
 */
const args = process.argv.slice(2);
const own = args.find((arg) => arg.startsWith('--outputs-file'));
const file = valueOf('--outputs-file') ?? 'cdk.out/outputs.json';
const cdk = join(import.meta.dirname, '..', 'node_modules', 'aws-cdk', 'bin', 'cdk');
const command = [cdk, 'deploy', ...args, ...(own === undefined ? ['--outputs-file', file] : [])];

const child = spawn(process.execPath, command, { stdio: 'inherit' });
const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
const isOnlyAsking = args.some((arg) => ['--help', '-h', '--version'].includes(arg));
if (code === 0 && !isOnlyAsking) process.stdout.write(await nextSteps(file, valueOf('--profile')));
process.exit(code ?? (signal === null ? 1 : 130));

/** The value of an option: `--profile prod` or `--profile=prod`. */
function valueOf(option: string): string | undefined {
  const at = args.indexOf(option);
  return at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith(`${option}=`))?.slice(option.length + 1);
}
