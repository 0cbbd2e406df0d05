import { Duration } from 'aws-cdk-lib';
import { EventBus, type IEventBus, type OnEventOptions, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { SecretValue } from 'aws-cdk-lib/core';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { CheckJobEnv } from '../functions/check-job/handler.ts';
import type { ReportFailureEnv } from '../functions/report-failure/handler.ts';
import { type DetailType, eventSource } from '../functions/shared/events.ts';
import type { ParameterSettings } from '../functions/shared/parameters.ts';
import type { StoreAssetsEnv } from '../functions/store-assets/handler.ts';
import type { SubmitJobEnv } from '../functions/submit-job/handler.ts';
import * as access from './access.ts';
import { createAssetBucket, createUploadBucket } from './buckets.ts';
import { GenerationMachine } from './generation-machine.ts';
import { uploadSettings } from './parameter-settings.ts';
import { ServiceFunction } from './service-function.ts';
import { UploadQueue } from './upload-queue.ts';

export interface ImageToModelProps {
  /** Where images are dropped; its EventBridge notifications have to be on. @default a new, versioned bucket */
  readonly uploadBucket?: IBucket;
  /** Where models stay. @default a new, versioned bucket, kept when the stack goes */
  readonly assetBucket?: IBucket;
  /** Where "Model Stored" and its siblings are announced. @default the account's default bus */
  readonly eventBus?: IEventBus;
  /** JSON with `apiKey` and `apiSecret`. @default a new secret, to be filled after the first deploy */
  readonly scenarioSecret?: ISecret;
  /** Base of the API, with `/v1`. @default Scenario's own */
  readonly scenarioUrl?: string;
  /** Parameters of every upload that says nothing else. @default the model's own defaults */
  readonly defaults?: ParameterSettings['defaults'];
  /** Parameters by folder of the upload bucket; the longest match wins. @default none */
  readonly presets?: ParameterSettings['presets'];
  /** Uploads below these prefixes are none of ours. @default none */
  readonly ignorePrefixes?: readonly string[];
  /** Compute units; an upload whose quote is dearer is rejected. @default 150 */
  readonly maxCuPerRun?: number;
  /** How long a job may take. @default 45 minutes */
  readonly jobDeadline?: Duration;
  /** Uploads that are submitted side by side, at least 2. @default 2 */
  readonly maxConcurrency?: number;
}

const SCENARIO_URL = 'https://api.cloud.scenario.com/v1';

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
    this.uploadBucket = props.uploadBucket ?? createUploadBucket(this, 'UploadBucket');
    this.assetBucket = props.assetBucket ?? createAssetBucket(this, 'AssetBucket');
    if (this.uploadBucket.bucketName === this.assetBucket.bucketName) {
      throw new Error(
        'uploadBucket and assetBucket are the same bucket: every model would be taken for an upload',
      );
    }
    this.eventBus = props.eventBus ?? EventBus.fromEventBusName(this, 'DefaultBus', 'default');
    this.scenarioSecret = props.scenarioSecret ?? createSecret(this);

    const scenario = {
      SCENARIO_URL: props.scenarioUrl ?? SCENARIO_URL,
      SCENARIO_SECRET_ARN: this.scenarioSecret.secretArn,
    };
    const answering = {
      ASSET_BUCKET: this.assetBucket.bucketName,
      EVENT_BUS_NAME: this.eventBus.eventBusName,
    };

    const uploads = new UploadQueue(this, 'Uploads', { uploadBucket: this.uploadBucket });
    const checkJob = new ServiceFunction(this, 'CheckJob', {
      description: 'One poll of a generation job',
      environment: {
        ...scenario,
        JOB_DEADLINE_SECONDS: String((props.jobDeadline ?? Duration.minutes(45)).toSeconds()),
      } satisfies CheckJobEnv,
      timeout: Duration.minutes(2),
      memorySize: 256,
    });
    const storeAssets = new ServiceFunction(this, 'StoreAssets', {
      description: 'Copies the files of a finished job into the asset bucket and announces them',
      environment: { ...scenario, ...answering } satisfies StoreAssetsEnv,
      timeout: Duration.minutes(15),
      memorySize: 512,
    });
    const machine = new GenerationMachine(this, 'Generation', { checkJob, storeAssets });
    const submitJob = new ServiceFunction(this, 'SubmitJob', {
      description: 'Brings one upload to a paid job, once, and starts its execution',
      environment: {
        ...scenario,
        ...answering,
        STATE_MACHINE_ARN: machine.stateMachine.stateMachineArn,
        ...uploadSettings(
          { defaults: props.defaults ?? {}, presets: props.presets ?? {} },
          props.ignorePrefixes ?? [],
        ),
        MAX_CU_PER_RUN: String(props.maxCuPerRun ?? 150),
      } satisfies SubmitJobEnv,
      timeout: Duration.minutes(5),
      memorySize: 512,
    });
    uploads.feed(submitJob, props.maxConcurrency ?? 2);
    const reportFailure = this.reportFailures(machine.stateMachine, answering);

    this.uploadsQueue = uploads.queue;
    this.stateMachine = machine.stateMachine;

    access.allowReadUploads(submitJob, this.uploadBucket);
    access.allowCallScenario(submitJob, this.scenarioSecret);
    access.allowStart(submitJob, machine.stateMachine);
    access.allowAnswer(submitJob, this.assetBucket, this.eventBus);
    access.allowCallScenario(checkJob, this.scenarioSecret);
    access.allowCallScenario(storeAssets, this.scenarioSecret);
    access.allowStoreFiles(storeAssets, this.assetBucket);
    access.allowAnswer(storeAssets, this.assetBucket, this.eventBus);
    access.allowDescribeExecutions(reportFailure, machine.stateMachine);
    access.allowAnswer(reportFailure, this.assetBucket, this.eventBus);
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

  private onEvent(
    detailType: DetailType,
    id: string,
    { target, eventPattern, ...options }: OnEventOptions,
  ): Rule {
    const rule = new Rule(options.crossStackScope ?? this, id, { ...options, eventBus: this.eventBus });
    rule.addEventPattern({ source: [eventSource], detailType: [detailType] });
    rule.addEventPattern(eventPattern);
    rule.addTarget(target);
    return rule;
  }

  /** Executions tell of their own end, so an aborted or timed-out one is answered too, not only a caught error. */
  private reportFailures(stateMachine: StateMachine, environment: ReportFailureEnv): ServiceFunction {
    const deadLetterQueue = new Queue(this, 'FailureReportsDeadLetters', {
      retentionPeriod: Duration.days(14),
      enforceSSL: true,
    });
    const reportFailure = new ServiceFunction(this, 'ReportFailure', {
      description: 'Answers the run of an execution that failed, timed out or was aborted',
      environment,
      timeout: Duration.minutes(1),
      memorySize: 256,
      deadLetterQueue,
    });
    new Rule(this, 'GenerationFailed', {
      description: 'Every generation that ended without a model',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [stateMachine.stateMachineArn],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      targets: [new LambdaFunction(reportFailure, { deadLetterQueue })],
    });
    return reportFailure;
  }
}

/** Empty until somebody fills it; an empty one holds the uploads and rejects none. */
function createSecret(scope: Construct): Secret {
  const empty = SecretValue.unsafePlainText('');
  return new Secret(scope, 'ScenarioSecret', {
    description: 'Scenario API credentials: JSON with apiKey and apiSecret',
    secretObjectValue: { apiKey: empty, apiSecret: empty },
  });
}
