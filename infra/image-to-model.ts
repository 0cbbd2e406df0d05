import { Annotations, Duration, SecretValue, Stack } from 'aws-cdk-lib';
import { EventBus, type IEventBus, type OnEventOptions, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { CheckJobEnv } from '../functions/check-job/handler.ts';
import type { ReportFailureEnv } from '../functions/report-failure/handler.ts';
import { type DetailType, eventSource } from '../functions/run/event.ts';
import type { GlbErrors } from '../functions/contract/glb-errors.ts';
import type { StoreAssetsEnv } from '../functions/store-assets/handler.ts';
import type { SubmitJobEnv } from '../functions/submit-job/handler.ts';
import type { SweepEnv } from '../functions/sweep/handler.ts';
import * as access from './access.ts';
import { Alarms } from './alarms.ts';
import { checkProps } from './settings.ts';
import { createAssetBucket, UploadBucket } from './buckets.ts';
import { GenerationMachine, LONGEST_DEADLINE } from './generation-machine.ts';
import { ServiceFunction } from './service-function.ts';
import { type SubmitSettings, submitSettings } from './submit-settings.ts';
import { keptLong, UploadQueue } from './upload-queue.ts';
import { WrongSettingError } from './invalid-setting.ts';

export interface ImageToModelProps extends SubmitSettings {
  /** Where images are dropped; its EventBridge notifications have to be on. @default a new, versioned bucket */
  readonly uploadBucket?: IBucket;
  /** Where models stay. @default a new, versioned bucket, kept when the stack goes */
  readonly assetBucket?: IBucket;
  /** Where "Model Stored" and its siblings are announced. Rules on a bus of another account belong there. @default the account's default bus */
  readonly eventBus?: IEventBus;
  /** JSON with `apiKey` and `apiSecret`. @default a new secret, to be filled after the first deploy */
  readonly scenarioSecret?: ISecret;
  /** Base of the API, with `/v1`. @default Scenario's own */
  readonly scenarioUrl?: string;
  /** How often is looked for what was lost on its way. @default an hour */
  readonly sweepEvery?: Duration;
  /** Where alarms ring. @default they only show in the console */
  readonly alarmTopic?: ITopic;
  /** How long a job may take, 5 to 90 minutes. @default 45 minutes */
  readonly jobDeadline?: Duration;
  /** A larger file of a model is not taken. @default 2 GB */
  readonly maxAssetBytes?: number;
  /** What errors of Khronos' glTF validator mean. @default 'record': a note in the manifest */
  readonly glbErrors?: GlbErrors;
  /** Uploads that are submitted side by side, at least 2. @default 2 */
  readonly maxConcurrency?: number;
}

/** An image dropped in one bucket becomes a 3D model in another, and an event that says so. Reads as the way of one upload. */
export class ImageToModel extends Construct {
  readonly uploadBucket: IBucket;
  readonly assetBucket: IBucket;
  readonly eventBus: IEventBus;
  readonly scenarioSecret: ISecret;
  readonly uploadsQueue: IQueue;
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: ImageToModelProps = {}) {
    super(scope, id);
    checkProps(props);
    const submitting = submitSettings(props);
    const jobDeadline = within(
      'jobDeadline',
      props.jobDeadline ?? Duration.minutes(45),
      5,
      LONGEST_DEADLINE.toMinutes(),
    );
    const sweepEvery = within('sweepEvery', props.sweepEvery ?? Duration.hours(1), 15, 1440);
    this.uploadBucket = props.uploadBucket ?? new UploadBucket(this, 'UploadBucket');
    this.assetBucket = props.assetBucket ?? createAssetBucket(this, 'AssetBucket');
    if (this.uploadBucket.bucketName === this.assetBucket.bucketName)
      throw new WrongSettingError(
        'upload bucket and asset bucket are the same bucket: every model would be taken for an upload',
      );
    this.eventBus = props.eventBus ?? EventBus.fromEventBusName(this, 'DefaultBus', 'default');
    this.scenarioSecret = props.scenarioSecret ?? createSecret(this);

    const scenario = {
      SCENARIO_URL: props.scenarioUrl ?? 'https://api.cloud.scenario.com/v1',
      SCENARIO_SECRET_ARN: this.scenarioSecret.secretArn,
    };
    const answering = {
      ASSET_BUCKET: this.assetBucket.bucketName,
      EVENT_BUS_NAME: addressOf(this.eventBus, Stack.of(this)),
    };

    const uploads = new UploadQueue(this, 'Uploads', { uploadBucket: this.uploadBucket });
    this.uploadsQueue = uploads.queue;
    const checkJob = new ServiceFunction(this, 'CheckJob', {
      description: 'One poll of a generation job',
      environment: {
        ...scenario,
        JOB_DEADLINE_SECONDS: String(jobDeadline.toSeconds()),
      } satisfies CheckJobEnv,
      timeout: Duration.minutes(2),
    });
    const storeAssets = new ServiceFunction(this, 'StoreAssets', {
      description: 'Copies the files of a finished job into the asset bucket and announces them',
      environment: {
        ...scenario,
        ...answering,
        MAX_ASSET_BYTES: String(props.maxAssetBytes ?? 2_000_000_000),
        GLB_ERRORS: props.glbErrors ?? 'record',
      } satisfies StoreAssetsEnv,
      timeout: Duration.minutes(15),
      memorySize: 512,
    });
    this.stateMachine = new GenerationMachine(this, 'Generation', { checkJob, storeAssets }).stateMachine;
    const started = {
      STATE_MACHINE_ARN: this.stateMachine.stateMachineArn,
      UPLOADS_QUEUE_URL: uploads.queue.queueUrl,
    };
    const submitJob = new ServiceFunction(this, 'SubmitJob', {
      description: 'Brings one upload to a paid job, once, and starts its execution',
      environment: { ...scenario, ...answering, ...started, ...submitting } satisfies SubmitJobEnv,
      timeout: Duration.minutes(5),
      memorySize: 512,
    });
    uploads.feed(submitJob, props.maxConcurrency ?? 2);

    const deadReports = new Queue(this, 'FailureReportsDeadLetters', keptLong);
    const reportFailure = this.reportFailures(answering, deadReports);
    const sweep = this.sweep(
      {
        ...answering,
        ...started,
        UPLOAD_BUCKET: this.uploadBucket.bucketName,
        IGNORE_PREFIXES: submitting.IGNORE_PREFIXES,
        UPLOADS_DEAD_LETTERS_URL: uploads.deadLetters.queueUrl,
        FAILURE_REPORTS_DEAD_LETTERS_URL: deadReports.queueUrl,
      },
      sweepEvery,
    );

    new Alarms(this, 'Alarms', {
      functions: { submitJob, storeAssets, sweep },
      stateMachine: this.stateMachine,
      uploadsQueue: uploads.queue,
      deadLetters: { uploads: uploads.deadLetters, failureReports: deadReports },
      topic: props.alarmTopic,
    });

    access.allowReadUploads(submitJob, this.uploadBucket);
    access.allowReadAssets(submitJob, this.assetBucket);
    access.allowSeePause(submitJob, this.assetBucket);
    access.allowCallScenario(submitJob, this.scenarioSecret);
    this.stateMachine.grantStartExecution(submitJob);
    access.allowAnswer(submitJob, this.assetBucket, this.eventBus);
    access.allowCallScenario(checkJob, this.scenarioSecret);
    access.allowCallScenario(storeAssets, this.scenarioSecret);
    access.allowStoreFiles(storeAssets, this.assetBucket);
    access.allowAnswer(storeAssets, this.assetBucket, this.eventBus);
    this.stateMachine.grantExecution(reportFailure, 'states:DescribeExecution');
    access.allowAnswer(reportFailure, this.assetBucket, this.eventBus);
    access.allowListUploads(sweep, this.uploadBucket);
    access.allowKeepProgress(sweep, this.assetBucket);
    this.stateMachine.grantExecution(sweep, 'states:DescribeExecution');
    uploads.queue.grant(sweep, 'sqs:SendMessage', 'sqs:GetQueueAttributes');
    uploads.deadLetters.grant(sweep, 'sqs:ReceiveMessage', 'sqs:DeleteMessage');
    deadReports.grant(sweep, 'sqs:ReceiveMessage', 'sqs:DeleteMessage');
    access.allowAnswer(sweep, this.assetBucket, this.eventBus);
  }

  /** A rule for "Model Stored". */
  onModelStored(id: string, options: OnEventOptions = {}): Rule {
    return this.onEvent('Model Stored', id, options);
  }

  /** A rule for "Model Failed". */
  onModelFailed(id: string, options: OnEventOptions = {}): Rule {
    return this.onEvent('Model Failed', id, options);
  }

  /** A rule for "Upload Rejected". */
  onUploadRejected(id: string, options: OnEventOptions = {}): Rule {
    return this.onEvent('Upload Rejected', id, options);
  }

  private onEvent(detailType: DetailType, id: string, { target, eventPattern, ...options }: OnEventOptions) {
    if (eventPattern?.source ?? eventPattern?.detailType)
      throw new WrongSettingError(
        `${id}: leave source and detailType out of eventPattern, CDK would join them`,
      );
    const rule = new Rule(options.crossStackScope ?? this, id, { ...options, eventBus: this.eventBus });
    if (addressOf(this.eventBus, Stack.of(rule)) !== this.eventBus.eventBusName)
      Annotations.of(rule).addWarningV2(
        'meshdrop:bus-elsewhere',
        'a rule on a bus of another account or region hears nothing: make it there',
      );
    // Of this deployment alone: another one may announce its models on the same bus.
    const detail = { data: { manifest: { bucket: [this.assetBucket.bucketName] } } };
    rule.addEventPattern({ source: [eventSource], detailType: [detailType], detail });
    rule.addEventPattern(eventPattern);
    rule.addTarget(target);
    return rule;
  }

  /** Executions tell of their own end, so an aborted or timed-out one is answered too, not only a caught error. */
  private reportFailures(environment: ReportFailureEnv, deadLetterQueue: IQueue): ServiceFunction {
    const reportFailure = new ServiceFunction(this, 'ReportFailure', {
      description: 'Answers the run of an execution that failed, timed out or was aborted',
      environment,
      timeout: Duration.minutes(1),
      deadLetterQueue,
    });
    new Rule(this, 'GenerationFailed', {
      description: 'Every generation that ended without a model',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [this.stateMachine.stateMachineArn],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      targets: [new LambdaFunction(reportFailure, { deadLetterQueue })],
    });
    return reportFailure;
  }

  /** No event is promised to arrive, so somebody has to look. */
  private sweep(environment: SweepEnv, every: Duration): ServiceFunction {
    const sweep = new ServiceFunction(this, 'Sweep', {
      description: 'Finds what was lost on its way',
      environment,
      timeout: Duration.minutes(10),
    });
    new Rule(this, 'SweepTime', {
      description: 'Looks for what was lost on its way',
      schedule: Schedule.rate(every),
      targets: [new LambdaFunction(sweep)],
    });
    return sweep;
  }
}

/** @throws WrongSettingError */
function within(name: string, given: Duration, least: number, most: number): Duration {
  const minutes = given.toSeconds() / 60;
  if (minutes >= least && minutes <= most) return given;
  throw new WrongSettingError(`${name}: use ${least} to ${most} minutes`);
}

/** What PutEvents finds a bus by: its name in the own account, its ARN elsewhere. */
function addressOf({ eventBusName, eventBusArn, env }: IEventBus, { account, region }: Stack): string {
  return env.account === account && env.region === region ? eventBusName : eventBusArn;
}

/** Empty until somebody fills it; an empty one holds the uploads and rejects none. */
function createSecret(scope: Construct): Secret {
  const empty = SecretValue.unsafePlainText('');
  return new Secret(scope, 'ScenarioSecret', {
    description: 'Scenario API credentials: JSON with apiKey and apiSecret',
    secretObjectValue: { apiKey: empty, apiSecret: empty },
  });
}
