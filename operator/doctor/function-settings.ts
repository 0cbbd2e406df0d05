import { DescribeStackResourcesCommand, CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Deployment } from '../deployment.ts';

/** The environment of SubmitJob and of Sweep. Empty if it cannot be read. */
export type FunctionSettings = Readonly<Record<string, string>>;

/** Reads the settings that the functions work with. Without permission, the defaults are checked instead. */
export async function settingsOfFunctions({ stack, region }: Deployment): Promise<FunctionSettings> {
  if (stack === undefined) return {};
  try {
    const stacks = new CloudFormationClient({ region });
    const { StackResources = [] } = await stacks.send(new DescribeStackResourcesCommand({ StackName: stack }));
    const names = StackResources.filter(
      ({ ResourceType, LogicalResourceId = '' }) =>
        ResourceType === 'AWS::Lambda::Function' && /SubmitJob|Sweep/.test(LogicalResourceId),
    ).flatMap(({ PhysicalResourceId }) => PhysicalResourceId ?? []);
    const lambda = new LambdaClient({ region });
    const settings: Record<string, string> = {};
    for (const FunctionName of names) {
      const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
      Object.assign(settings, Environment?.Variables);
    }
    return settings;
  } catch {
    return {};
  }
}
