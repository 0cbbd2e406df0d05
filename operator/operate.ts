import type { RunRecord } from '../functions/run/record.ts';
import { type DeploymentCall, readCall } from './command-line.ts';
import { findDeployment } from './deployment.ts';
import { createOperatorTools, type OperatorTools } from './operator-tools.ts';
import { UsageError } from './usage-error.ts';
import { toError } from '../functions/platform/errors.ts';

/** The result of an operation, and a sentence that explains it. */
export interface Done {
  readonly done: boolean;
  readonly sentence: string;
}

export interface Operation {
  readonly name: string;
  readonly help: string;
  readonly work: (record: RunRecord, tools: OperatorTools) => Promise<Done>;
}

/**
 * Performs an operation on the run in the command line, and prints which deployment it uses.
 *
 * @returns the exit code
 */
export function operate({ name, help, work }: Operation, args: readonly string[]): Promise<number> {
  return command({ name, help, read: readCall }, args, async ({ runId }, tools) =>
    work(await recordOf(runId, tools), tools),
  );
}

interface CommandLine<Call> {
  readonly name: string;
  readonly help: string;
  /** @throws UsageError */
  readonly read: (args: readonly string[]) => Call | 'help';
}

/** @returns the exit code */
export async function command<Call extends DeploymentCall>(
  commandLine: CommandLine<Call>,
  args: readonly string[],
  work: (call: Call, tools: OperatorTools, say: Say) => Promise<Done>,
): Promise<number> {
  return await callWith(commandLine, args, async (call, say) => {
    const deployment = await findDeployment(call);
    say(`using ${deployment.name}`);
    const { done, sentence } = await work(call, createOperatorTools(deployment), say);
    if (done) process.stdout.write(`${sentence}\n`);
    else say(sentence);
    return done ? 0 : 1;
  });
}

type Say = (sentence: string) => void;

/** Reads the command line, answers `--help`, and turns errors into sentences. @returns the exit code */
export async function callWith<Call>(
  { name, help, read }: CommandLine<Call>,
  args: readonly string[],
  work: (call: Call, say: Say) => Promise<number>,
): Promise<number> {
  const say = (sentence: string) => process.stderr.write(`${name}: ${sentence}\n`);
  try {
    const call = read(args);
    if (call === 'help') {
      process.stdout.write(help);
      return 0;
    }
    return await work(call, say);
  } catch (thrown) {
    const error = toError(thrown);
    const isWrongCall = error instanceof UsageError;
    say(isWrongCall ? error.message : `failed with ${error.name}: ${error.message}`);
    return isWrongCall ? 2 : 1;
  }
}

/** @throws UsageError if there is none */
export async function recordOf(runId: string, { records, assetBucket }: OperatorTools): Promise<RunRecord> {
  const kept = await records.read(runId);
  if (!kept) throw new UsageError(`there is no run ${runId}; the bucket ${assetBucket} has no record of it`);
  return kept.record;
}
