import { join } from 'node:path';
import {
  aws_cloudwatch as cloudwatch,
  Duration,
  aws_iam as iam,
  aws_lambda as lambda,
  aws_logs as logs,
  aws_lambda_nodejs as nodejs,
  RemovalPolicy,
  Stack,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { METRIC_NAMESPACE, type MetricName } from '../functions/platform/metrics.ts';

export interface ServiceFunctionProps {
  readonly description: string;
  /** Exactly what the handler reads: `{ … } satisfies CheckJobEnv`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  /** In MiB. @default 256 */
  readonly memorySize?: number;
}

const project = join(import.meta.dirname, '..');

/** A Lambda function with Meshdrop's defaults. Its id names its folder: `CheckJob` is `functions/check-job/handler.ts`. */
export class ServiceFunction extends nodejs.NodejsFunction {
  /** The dimension of the function's own metrics. Unique for each deployment in an account. */
  private readonly serviceName: string;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    const stack = Stack.of(scope);
    const serviceName = `${stack.stackName}${scope.node.path.slice(stack.node.path.length)}/${id}`;
    super(scope, id, {
      memorySize: 256,
      ...props,
      // Of this project, even if the app is in another folder.
      projectRoot: project,
      depsLockFilePath: join(project, 'package-lock.json'),
      entry: join(project, 'functions', folderOf(id), 'handler.ts'),
      environment: { ...props.environment, POWERTOOLS_SERVICE_NAME: serviceName },
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      tracing: lambda.Tracing.ACTIVE,
      loggingFormat: lambda.LoggingFormat.JSON,
      logGroup: new logs.LogGroup(scope, `${id}Logs`, {
        retention: logs.RetentionDays.THREE_MONTHS,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      bundling: {
        format: nodejs.OutputFormat.ESM,
        target: 'node24',
        minify: true,
        // Bundle the SDK too: the tested version is the version that runs.
        externalModules: [],
        // Otherwise packages with both module formats are bundled as CommonJS and fail at startup ("Dynamic require").
        mainFields: ['module', 'main'],
        // The glTF validator looks for `require`, which ES modules lack. In a webpack bundle it uses these instead.
        define: {
          require: 'undefined',
          __webpack_require__: 'true',
          __non_webpack_require__: 'process.getBuiltinModule',
        },
      },
    });
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
