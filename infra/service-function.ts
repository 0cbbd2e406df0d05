import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Architecture, LoggingFormat, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

export interface ServiceFunctionProps {
  readonly description: string;
  /** Exactly what its handler reads: `{ … } satisfies CheckJobEnv`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  /** In MiB. @default 256 */
  readonly memorySize?: number;
  /** Takes events that failed for good, for a function that is invoked without an answer. @default none */
  readonly deadLetterQueue?: IQueue;
}

const project = join(import.meta.dirname, '..');

/** A Lambda function with our defaults. Its id is the name of its folder: `CheckJob` is `functions/check-job/handler.ts`. */
export class ServiceFunction extends NodejsFunction {
  /** What its metrics are counted under: of two deployments in one account, each has its own. */
  readonly serviceName: string;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    const stack = Stack.of(scope);
    const serviceName = `${stack.stackName}${scope.node.path.slice(stack.node.path.length)}/${id}`;
    super(scope, id, {
      memorySize: 256,
      ...props,
      // Of this project, wherever the app that is synthesized stands.
      projectRoot: project,
      depsLockFilePath: join(project, 'package-lock.json'),
      entry: join(project, 'functions', folderOf(id), 'handler.ts'),
      environment: { ...props.environment, POWERTOOLS_SERVICE_NAME: serviceName },
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      tracing: Tracing.ACTIVE,
      loggingFormat: LoggingFormat.JSON,
      logGroup: new LogGroup(scope, `${id}Logs`, {
        retention: RetentionDays.THREE_MONTHS,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      bundling: {
        format: OutputFormat.ESM,
        target: 'node24',
        minify: true,
        // The SDK comes with the bundle: the version that was tested is the version that runs.
        externalModules: [],
        // Without these, packages that offer both forms come in as CommonJS and fail at start ("Dynamic require").
        mainFields: ['module', 'main'],
        // The glTF validator looks for `require`, which ES modules do not have; told that it is packed, it takes this instead.
        define: {
          require: 'undefined',
          __webpack_require__: 'true',
          __non_webpack_require__: 'process.getBuiltinModule',
        },
      },
    });
    this.serviceName = serviceName;
  }

  /** What a task that calls this function waits at most: the function's own time-out, and a little for the way. */
  get taskTimeout(): Duration {
    return Duration.seconds((this.timeout?.toSeconds() ?? 0) + 10);
  }
}

function folderOf(id: string): string {
  return id.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}
