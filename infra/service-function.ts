import {
  aws_cloudwatch as cloudwatch,
  Duration,
  Fn,
  aws_iam as iam,
  type aws_kms as kms,
  aws_lambda as lambda,
  aws_logs as logs,
  RemovalPolicy,
  Stack,
  type aws_stepfunctions as sfn,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcards } from './acknowledge.ts';
import { functionFolder } from './function-code.ts';
import { type FunctionName, MEMORY } from './settings/memory.ts';
import type { Settings } from './settings/settings.ts';
import { METRIC_NAMESPACE, type MetricName } from '../functions/platform/metrics.ts';

export interface ServiceFunctionProps {
  readonly description: string;
  /** Exactly what the handler reads: `{ … } satisfies CheckJobEnv`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  readonly settings: Settings;
}

/** What CDK's grants on a key contain. */
const KEY_ACTIONS = Object.fromEntries(
  ['kms:GenerateDataKey*', 'kms:ReEncrypt*'].map((action) => [
    `AwsSolutions-IAM5[Action::${action}]`,
    'S3 needs these actions for one key, which is named.',
  ]),
);

/** CDK has its own constant for it only since November 2025. */
const NODE_24 = new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS);

/** A Lambda function with Meshdrop's defaults. Its id names its folder: `CheckJob` is `functions/check-job/handler.ts`. */
export class ServiceFunction extends lambda.Function {
  /** The dimension of the function's own metrics. Unique for each deployment in an account. */
  private readonly serviceName: string;
  private readonly ownRole: iam.Role;

  constructor(scope: Construct, id: FunctionName, { settings, ...props }: ServiceFunctionProps) {
    const stack = Stack.of(scope);
    const serviceName = `${stack.stackName}${scope.node.path.slice(stack.node.path.length)}/${id}`;
    const role = new iam.Role(scope, `${id}Role`, { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    const logGroup = new logs.LogGroup(scope, `${id}Logs`, {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    super(scope, id, {
      ...props,
      memorySize: settings.memory[id] ?? MEMORY[id],
      code: lambda.Code.fromAsset(functionFolder(folderOf(id))),
      handler: 'index.handler',
      // Not Lambda's own log level, which would also drop the metrics: they are written as log lines.
      environment: {
        ...props.environment,
        POWERTOOLS_SERVICE_NAME: serviceName,
        POWERTOOLS_LOG_LEVEL: settings.logLevel,
      },
      // The managed policy for logs allows writing to every log group of the account.
      role,
      runtime: NODE_24,
      architecture: lambda.Architecture.ARM_64,
      tracing: settings.tracing ? lambda.Tracing.ACTIVE : lambda.Tracing.DISABLED,
      loggingFormat: lambda.LoggingFormat.JSON,
      logGroup,
    });
    logGroup.grantWrite(this);
    this.ownRole = role;
    acknowledgeWildcards(role, ['*'], 'X-Ray has no resources to name.');
    acknowledge(this, {
      'Serverless-LambdaDLQ':
        'A queue or a state machine invokes it, and keeps what fails. The sweep repeats itself: SweepMissing rings.',
    });
    this.serviceName = serviceName;
  }

  /** How long a task waits for this function: its timeout and some time for the call itself. */
  get taskTimeout(): Duration {
    return Duration.seconds((this.timeout?.toSeconds() ?? 0) + 10);
  }

  allow(actions: readonly string[], ...resources: readonly string[]): void {
    this.addToRolePolicy(new iam.PolicyStatement({ actions: [...actions], resources: [...resources] }));
    acknowledgeWildcards(this.ownRole, resources, 'Keys name uploads and runs, which nobody knows at deployment.');
  }

  /** Allows to use the key of a bucket or a secret that somebody brings. */
  allowKey(key: kms.IKey | undefined, use: 'decrypt' | 'encrypt and decrypt'): void {
    if (use === 'decrypt') key?.grantDecrypt(this);
    else key?.grantEncryptDecrypt(this);
    if (key) acknowledge(this.ownRole, KEY_ACTIONS);
  }

  allowExecution(stateMachine: sfn.StateMachine, action: string): void {
    stateMachine.grantExecution(this, action);
    const { account, region, partition } = Stack.of(this);
    const name = Fn.select(6, Fn.split(':', stateMachine.stateMachineArn));
    const executions = `arn:${partition}:states:${region}:${account}:execution:${name}:*`;
    acknowledgeWildcards(this.ownRole, [executions], 'Executions are named after runs.');
  }

  /** A metric that the function itself counts. */
  serviceMetric(metricName: MetricName, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    const own = { namespace: METRIC_NAMESPACE, metricName, dimensionsMap: { service: this.serviceName } };
    return new cloudwatch.Metric({ ...own, statistic: 'Sum', ...options });
  }
}

/** `CheckJob` is `check-job`. */
export function folderOf(id: string): string {
  return id.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}
