import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  ExecutionDoesNotExist,
  type SFNClient,
} from '@aws-sdk/client-sfn';

/** Executions are named after their runs. */
export function executionArn(runId: string, stateMachineArn: string): string {
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${runId}`;
}

/** Finds the execution that is named after the run. Undefined if there was none in the last 90 days. */
export async function findExecution(
  runId: string,
  { sfn, stateMachineArn }: { readonly sfn: SFNClient; readonly stateMachineArn: string },
): Promise<DescribeExecutionCommandOutput | undefined> {
  try {
    return await sfn.send(new DescribeExecutionCommand({ executionArn: executionArn(runId, stateMachineArn) }));
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return undefined;
    throw error;
  }
}
