import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  Choice,
  Condition,
  DefinitionBody,
  Fail,
  JitterType,
  JsonPath,
  LogLevel,
  StateMachine,
  Succeed,
  TaskInput,
  Timeout,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import type { CheckJobInput } from '../functions/check-job/check-job.ts';
import {
  AssetNotReadyError,
  AwsUnavailableError,
  DownloadBrokenError,
  EventRefusedError,
  ScenarioAccountError,
  ScenarioBusyError,
  ScenarioUnavailableError,
} from '../functions/platform/errors.ts';
import type { StoreAssetsInput } from '../functions/store-assets/store-assets.ts';
import type { ServiceFunction } from './service-function.ts';

export interface GenerationMachineProps {
  readonly checkJob: ServiceFunction;
  readonly storeAssets: ServiceFunction;
}

/** Scenario or AWS refuses or does not answer: that says nothing of the job. */
const serviceErrors = nameOf(
  ScenarioBusyError,
  ScenarioUnavailableError,
  ScenarioAccountError,
  AwsUnavailableError,
);

/**
 * Lambda could not run the function, or it died in the middle. CDK's own default retry knows neither of the last five.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
const lambdaErrors = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.TooManyRequestsException',
  'Lambda.Unknown',
  'Sandbox.Timedout',
  'Runtime.ExitError',
  'Runtime.OutOfMemory',
  'Runtime.ImportModuleError',
  'States.Timeout',
];

const backOff = { interval: Duration.seconds(5), backoffRate: 2, jitterStrategy: JitterType.FULL };

/** A job may take no longer, or the machine's own time-out would come first. config.ts knows it as jobDeadlineMinutes. */
export const LONGEST_DEADLINE = Duration.minutes(90);

/** The outer fence: the longest deadline and half an hour to store in. Beyond it a redrive goes on. */
const MACHINE_TIMEOUT = LONGEST_DEADLINE.plus(Duration.minutes(30));

/** Waits for a paid job and stores what it gave. It can only poll and copy, so a redriven execution never pays again. */
export class GenerationMachine extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, { checkJob, storeAssets }: GenerationMachineProps) {
    super(scope, id);
    const waitForJob = new Wait(this, 'WaitForJob', { time: WaitTime.secondsPath('$.check.waitSeconds') });
    const job = { runId: JsonPath.stringAt('$.runId'), jobId: JsonPath.stringAt('$.jobId') };
    const check = { ...job, submittedAt: JsonPath.stringAt('$.submittedAt') } satisfies CheckJobInput;
    const checkErrors = [...serviceErrors, ...lambdaErrors];
    const checkJobTask = this.task(checkJob, check, '$.check')
      .addRetry({ errors: checkErrors, ...backOff, maxAttempts: 3 })
      // A poll that fails is never a job that fails.
      .addCatch(waitForJob, { errors: checkErrors, resultPath: JsonPath.DISCARD });
    const storeAssetsTask = this.task(storeAssets, job satisfies StoreAssetsInput, '$.stored').addRetry({
      errors: [
        ...serviceErrors,
        ...nameOf(AssetNotReadyError, DownloadBrokenError, EventRefusedError),
        ...lambdaErrors,
      ],
      ...backOff,
      maxDelay: Duration.seconds(60),
      maxAttempts: 6,
    });
    const stored = new Succeed(this, 'Stored');
    const jobFailed = new Fail(this, 'JobFailed', { errorPath: '$.check.code', causePath: '$.check.reason' });
    const isJobDone = new Choice(this, 'IsJobDone')
      .when(Condition.stringEquals('$.check.status', 'succeeded'), storeAssetsTask)
      // A failed job that gave files all the same: StoreAssets keeps them, answers, and ends the execution red.
      .when(Condition.isPresent('$.check.assets'), storeAssetsTask)
      .when(Condition.stringEquals('$.check.status', 'failed'), jobFailed)
      .otherwise(waitForJob);
    storeAssetsTask.next(stored);

    const logs = new LogGroup(this, 'Logs', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      definitionBody: DefinitionBody.fromChainable(waitForJob.next(checkJobTask).next(isJobDone)),
      timeout: MACHINE_TIMEOUT,
      tracingEnabled: true,
      logs: { destination: logs, level: LogLevel.ERROR, includeExecutionData: false },
    });
  }

  /** Named like its function. What that answers lies beside the input, never over it. */
  private task(
    lambdaFunction: ServiceFunction,
    payload: Readonly<Record<string, string>>,
    resultPath: string,
  ) {
    return new LambdaInvoke(this, lambdaFunction.node.id, {
      lambdaFunction,
      payload: TaskInput.fromObject(payload),
      payloadResponseOnly: true,
      resultPath,
      taskTimeout: Timeout.duration(lambdaFunction.taskTimeout),
      retryOnServiceExceptions: false,
    });
  }
}

/** The names that the errors carry. `class.name` and the literal `name` of an instance are the same word. */
function nameOf(...errors: readonly { readonly name: string }[]): readonly string[] {
  return errors.map(({ name }) => name);
}
