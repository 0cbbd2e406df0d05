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
  /** The program of a thread that the function starts: `functions/images/decoder-thread.ts`. */
  readonly thread?: string;
}

const project = join(import.meta.dirname, '..');

/** A Lambda function with Meshdrop's defaults. Its id names its folder: `CheckJob` is `functions/check-job/handler.ts`. */
export class ServiceFunction extends nodejs.NodejsFunction {
  /** The dimension of the function's own metrics. Unique for each deployment in an account. */
  private readonly serviceName: string;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    const stack = Stack.of(scope);
    const { thread, ...own } = props;
    const serviceName = `${stack.stackName}${scope.node.path.slice(stack.node.path.length)}/${id}`;
    super(scope, id, {
      memorySize: 256,
      ...own,
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
        // Errors are logged with the names of their classes.
        keepNames: true,
        esbuildArgs: {
          '--alias:@aws-sdk/credential-provider-node': join(project, 'functions/platform/lambda-credentials.ts'),
        },
        ...(thread !== undefined && { commandHooks: bundleAlso(thread) }),
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

/** Bundles the program of a thread beside the function. */
function bundleAlso(program: string): nodejs.ICommandHooks {
  const nothing = () => [];
  const quote = (text: string) => JSON.stringify(text);
  const words = (folder: string) => [process.execPath, join(project, 'infra', 'bundle-thread.ts'), folder, program];
  return {
    beforeInstall: nothing,
    beforeBundling: nothing,
    afterBundling: (_, folder) => [words(folder).map(quote).join(' ')],
  };
}

function folderOf(id: string): string {
  return id.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}
