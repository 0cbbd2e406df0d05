import {
  aws_cloudwatch as cloudwatch,
  Duration,
  aws_iam as iam,
  aws_lambda as lambda,
  aws_logs as logs,
  RemovalPolicy,
  Stack,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
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

/** CDK has its own constant for it only since November 2025. */
const NODE_24 = new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS);

/** A Lambda function with Meshdrop's defaults. Its id names its folder: `CheckJob` is `functions/check-job/handler.ts`. */
export class ServiceFunction extends lambda.Function {
  /** The dimension of the function's own metrics. Unique for each deployment in an account. */
  private readonly serviceName: string;

  constructor(scope: Construct, id: FunctionName, { settings, ...props }: ServiceFunctionProps) {
    const stack = Stack.of(scope);
    const serviceName = `${stack.stackName}${scope.node.path.slice(stack.node.path.length)}/${id}`;
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
      role: new iam.Role(scope, `${id}Role`, { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') }),
      runtime: NODE_24,
      architecture: lambda.Architecture.ARM_64,
      tracing: settings.tracing ? lambda.Tracing.ACTIVE : lambda.Tracing.DISABLED,
      loggingFormat: lambda.LoggingFormat.JSON,
      logGroup,
    });
    logGroup.grantWrite(this);
    this.serviceName = serviceName;
  }

  /** How long a task waits for this function: its timeout and some time for the call itself. */
  get taskTimeout(): Duration {
    return Duration.seconds((this.timeout?.toSeconds() ?? 0) + 10);
  }

  allow(actions: readonly string[], ...resources: readonly string[]): void {
    this.addToRolePolicy(new iam.PolicyStatement({ actions: [...actions], resources: [...resources] }));
  }

  /** A metric that the function itself counts. */
  serviceMetric(metricName: MetricName, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    const own = { namespace: METRIC_NAMESPACE, metricName, dimensionsMap: { service: this.serviceName } };
    return new cloudwatch.Metric({ ...own, statistic: 'Sum', ...options });
  }
}

function folderOf(id: string): string {
  return id.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}
