import { errorOf } from '../../functions/platform/to-error.ts';
import type { RunRecord } from '../../functions/run/record.ts';
import { readCall } from './command-line.ts';
import { findDeployment } from './deployment.ts';
import { createOperatorTools, type OperatorTools } from './operator-tools.ts';
import { WrongCallError } from './usage-error.ts';

/** What became of it, in one sentence. */
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
 * Does one thing to the run that the command line names, after saying to whom it talks.
 *
 * @returns the exit code
 */
export async function operate({ name, help, work }: Operation, args: readonly string[]): Promise<number> {
  const say = (sentence: string) => process.stderr.write(`${name}: ${sentence}\n`);
  try {
    const call = readCall(args);
    if (call === 'help') {
      process.stdout.write(help);
      return 0;
    }
    const deployment = await findDeployment(call);
    say(`talking to ${deployment.name}`);
    const tools = createOperatorTools(deployment);
    const { done, sentence } = await work(await recordOf(call.runId, tools), tools);
    if (done) process.stdout.write(`${sentence}\n`);
    else say(sentence);
    return done ? 0 : 1;
  } catch (thrown) {
    const error = errorOf(thrown);
    const isWrongCall = error instanceof WrongCallError;
    say(isWrongCall ? error.message : `it can not be done: ${error.name}: ${error.message}`);
    return isWrongCall ? 2 : 1;
  }
}

async function recordOf(runId: string, { records, assetBucket }: OperatorTools): Promise<RunRecord> {
  const kept = await records.read(runId);
  if (!kept)
    throw new WrongCallError(`there is no run ${runId}: the bucket ${assetBucket} holds no record of it`);
  return kept.record;
}
