import { DescribeStackResourcesCommand, CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Deployment } from '../deployment.ts';

/** The environment of SubmitJob. Empty if it cannot be read. */
export type FunctionSettings = Readonly<Record<string, string>>;

/** Reads the settings that SubmitJob works with. Without permission, the defaults are checked instead. */
export async function settingsOfFunctions({ stack, region }: Deployment): Promise<FunctionSettings> {
  if (stack === undefined) return {};
  try {
    const stacks = new CloudFormationClient({ region });
    const { StackResources = [] } = await stacks.send(new DescribeStackResourcesCommand({ StackName: stack }));
    const submitJob = StackResources.find(
      ({ ResourceType, LogicalResourceId = '' }) =>
        ResourceType === 'AWS::Lambda::Function' && LogicalResourceId.includes('SubmitJob'),
    );
    if (submitJob?.PhysicalResourceId === undefined) return {};
    const lambda = new LambdaClient({ region });
    const { Environment } = await lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: submitJob.PhysicalResourceId }),
    );
    return Environment?.Variables ?? {};
  } catch {
    return {};
  }
}
