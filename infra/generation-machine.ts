import {
  Duration,
  aws_logs as logs,
  RemovalPolicy,
  aws_stepfunctions as sfn,
  aws_stepfunctions_tasks as tasks,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { CheckJobInput } from '../functions/check-job/check-job.ts';
import type { StoreAssetsInput } from '../functions/store-assets/store-assets.ts';
import type { ServiceFunction } from './service-function.ts';
import { acknowledge, acknowledgeWildcards } from './acknowledge.ts';
import type { Settings } from './settings/settings.ts';
import { HINTS } from '../functions/contract/failures.ts';
import { AssetNotReadyError } from '../functions/store-assets/errors.ts';
import { AwsUnavailableError } from '../functions/platform/errors.ts';
import { ScenarioAccountError, ScenarioBusyError, ScenarioUnavailableError } from '../functions/scenario/errors.ts';

export interface GenerationMachineProps {
  readonly checkJob: ServiceFunction;
  readonly storeAssets: ServiceFunction;
  readonly settings: Settings;
}

/**
 * Scenario or AWS refuses a call or does not answer it. That says nothing about the job, and the paid job waits, so these
 * are retried for as long as the machine lives.
 */
const refusals = names(ScenarioBusyError, ScenarioUnavailableError, ScenarioAccountError, AwsUnavailableError);

/**
 * Lambda could not run the function, or the function died midway. CDK's default retry knows few of these.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
const lambdaErrors = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.TooManyRequestsException',
  'Lambda.ResourceNotReadyException',
  'Lambda.ResourceConflictException',
  'Lambda.ResourceNotFoundException',
  'Lambda.EC2ThrottledException',
  'Lambda.EC2UnexpectedException',
  'Lambda.ENILimitReachedException',
  'Lambda.KMSAccessDeniedException',
  'Lambda.KMSDisabledException',
  'Lambda.KMSInvalidStateException',
  'Lambda.KMSNotFoundException',
  'Lambda.AccessDeniedException',
  'Lambda.Unknown',
  'Sandbox.Timedout',
  'Runtime.ExitError',
  'Runtime.OutOfMemory',
  'Runtime.ImportModuleError',
  'States.Timeout',
];

const backOff = { interval: Duration.seconds(5), backoffRate: 2, jitterStrategy: sfn.JitterType.FULL };

/**
 * A failed execution can be redriven for 14 days, so the machine ends a day before that. Retries every 15 minutes for 13
 * days, and the polls of the longest deadline, make fewer than 12,000 of the 25,000 events that a history can have.
 */
export const MACHINE_TIMEOUT = Duration.days(13);

/** As often as Step Functions allows. */
const WITHOUT_END = 99_999_999;

/** Waits for a paid job and stores its files. It only polls and copies, so a redriven execution never pays again. */
export class GenerationMachine extends sfn.StateMachine {
  constructor(scope: Construct, id: string, { settings, ...functions }: GenerationMachineProps) {
    const destination = new logs.LogGroup(scope, `${id}Logs`, {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const definition = waitAndStore(new Construct(scope, 'States'), functions);
    super(scope, id, {
      definitionBody: sfn.DefinitionBody.fromChainable(definition),
      timeout: MACHINE_TIMEOUT,
      tracingEnabled: settings.tracing,
      logs: { destination, level: sfn.LogLevel.ERROR, includeExecutionData: false },
    });
    acknowledge(this, {
      'AwsSolutions-SF1':
        'Polls would fill the log at a cost. Errors are logged, and Step Functions keeps each history.',
    });
    acknowledgeWildcards(this, ['*'], 'The APIs of log delivery and of X-Ray have no resources to name.');
    const versions = [functions.checkJob, functions.storeAssets].map(({ functionArn }) => `${functionArn}:*`);
    acknowledgeWildcards(this, versions, "CDK's tasks may invoke each version of their function.");
  }
}

function waitAndStore(
  scope: Construct,
  { checkJob, storeAssets }: Omit<GenerationMachineProps, 'settings'>,
): sfn.IChainable {
  const job = { runId: sfn.JsonPath.stringAt('$.runId'), jobId: sfn.JsonPath.stringAt('$.jobId') };
  const check = {
    ...job,
    modelId: sfn.JsonPath.stringAt('$.modelId'),
    submittedAt: sfn.JsonPath.stringAt('$.submittedAt'),
    check: sfn.JsonPath.objectAt('$.check'),
  } satisfies Record<keyof CheckJobInput, unknown>;
  const waiting = { errors: refusals, ...backOff, maxDelay: Duration.minutes(15), maxAttempts: WITHOUT_END };
  const patient = { ...backOff, maxDelay: Duration.minutes(1) };

  const waitForJob = new sfn.Wait(scope, 'WaitForJob', {
    time: sfn.WaitTime.secondsPath('$.check.waitSeconds'),
  });
  const checkJobTask = createTask(scope, checkJob, check, '$.check')
    .addRetry(waiting)
    .addRetry({ errors: lambdaErrors, ...backOff, maxAttempts: 3 })
    // A failed poll says nothing about the job.
    .addCatch(waitForJob, { errors: lambdaErrors, resultPath: sfn.JsonPath.DISCARD });
  const storeAssetsTask = createTask(scope, storeAssets, job satisfies StoreAssetsInput, '$.stored')
    .addRetry(waiting)
    .addRetry({ errors: names(AssetNotReadyError), ...patient, jitterStrategy: sfn.JitterType.NONE, maxAttempts: 20 })
    // These say what the job gave, and another attempt gives the same.
    .addRetry({ errors: Object.keys(HINTS), maxAttempts: 0 })
    // It never pays, so everything else is worth a few attempts.
    .addRetry({ errors: ['States.ALL'], ...patient, maxAttempts: 6 });
  const stored = new sfn.Succeed(scope, 'Stored');
  const jobFailed = new sfn.Fail(scope, 'JobFailed', {
    errorPath: '$.check.code',
    causePath: '$.check.reason',
  });
  const isJobDone = new sfn.Choice(scope, 'IsJobDone')
    .when(sfn.Condition.stringEquals('$.check.status', 'succeeded'), storeAssetsTask)
    // A failed job can still have files or a charge: StoreAssets records both and fails the execution.
    .when(sfn.Condition.isPresent('$.check.assets'), storeAssetsTask)
    .when(sfn.Condition.stringEquals('$.check.status', 'failed'), jobFailed)
    .otherwise(waitForJob);
  storeAssetsTask.next(stored);
  return waitForJob.next(checkJobTask).next(isJobDone);
}

/** A state named after its function. Its result goes beside the input, never over it. */
function createTask(
  scope: Construct,
  lambdaFunction: ServiceFunction,
  payload: Readonly<Record<string, unknown>>,
  resultPath: string,
): tasks.LambdaInvoke {
  return new tasks.LambdaInvoke(scope, lambdaFunction.node.id, {
    lambdaFunction,
    payload: sfn.TaskInput.fromObject(payload),
    payloadResponseOnly: true,
    resultPath,
    taskTimeout: sfn.Timeout.duration(lambdaFunction.taskTimeout),
    retryOnServiceExceptions: false,
  });
}

/** The `name` of an error class equals the literal `name` of its instances. */
function names(...errors: readonly { readonly name: string }[]): string[] {
  return errors.map(({ name }) => name);
}
