import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  ExecutionDoesNotExist,
  type SFNClient,
} from '@aws-sdk/client-sfn';

export interface ExecutionTools {
  readonly sfn: SFNClient;
  readonly stateMachineArn: string;
}

export function executionArnOf(
  runId: string,
  { stateMachineArn }: Pick<ExecutionTools, 'stateMachineArn'>,
): string {
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${runId}`;
}

/** The execution that is named after the run. Undefined when there never was one, or none in 90 days. */
export async function executionOf(
  runId: string,
  tools: ExecutionTools,
): Promise<DescribeExecutionCommandOutput | undefined> {
  try {
    return await tools.sfn.send(new DescribeExecutionCommand({ executionArn: executionArnOf(runId, tools) }));
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return undefined;
    throw error;
  }
}
