import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE, type MetricName } from '../functions/platform/metrics.ts';
import type { ServiceFunction } from './service-function.ts';

export interface AlarmsProps {
  readonly functions: {
    readonly submitJob: ServiceFunction;
    readonly storeAssets: ServiceFunction;
    readonly sweep: ServiceFunction;
  };
  readonly stateMachine: StateMachine;
  readonly uploadsQueue: IQueue;
  readonly deadLetters: { readonly uploads: IQueue; readonly failureReports: IQueue };
  /** @default alarms only show in the console */
  readonly topic: ITopic | undefined;
}

const often = { period: Duration.minutes(5) };
const hourly = { period: Duration.hours(1) };

/** Each alarm, with what happened and what to do. */
const ALARMS = {
  DuplicateJob:
    'Two jobs were paid for one upload. The log of SubmitJob names both: ask Scenario for the money of the younger one.',
  AccountRefused:
    'Scenario refuses the account: key, plan, credits or model. Uploads wait and go on by themselves once it is mended.',
  OverDailyLimit:
    'The compute units of the day are used up. Uploads wait until tomorrow (UTC), or until maxCuPerDay is raised.',
  SubmitJobFailed:
    'SubmitJob breaks off again and again. Uploads wait and go on by themselves once it is mended: see its log.',
  UnexpectedError:
    'SubmitJob meets errors that nobody expected, again and again. Each is tried five times, then its upload is answered: see its log.',
  UploadsWaitLong:
    'An upload has waited for half a day for its first turn. Is the queue long, or does SubmitJob not run?',
  UploadsHeldLong:
    'An upload was dropped half a day ago and is not submitted yet. BusySeconds, AccountRefused, Paused, OverDailyLimit and the log of SubmitJob say for what.',
  DeadUploads:
    'An upload was received too often. The sweep puts it back or answers it; if it stays, its message can not be read.',
  DeadFailureReports:
    'The end of an execution could not be reported. The sweep tries again; if it stays, see the log of ReportFailure.',
  GenerationTimedOut: 'A generation did not end in two hours. Its job is paid: redrive the execution.',
  SweepFailed: 'The sweep failed: what is lost on its way stays lost. See its log.',
  LookFailed:
    'The sweep could not look at an upload, and will look again: its log names the key. A record that can not be read takes a person.',
  StoreAssetsFailed:
    'Paid models can not be stored. See the log of StoreAssets, mend it, and redrive the executions.',
};

type Name = keyof typeof ALARMS;

/** Where one is not enough. A single upload that SubmitJob breaks off at is received some ten times an hour. */
const AT_LEAST: Partial<Record<Name, number>> = {
  SubmitJobFailed: 5,
  UnexpectedError: 5,
  UploadsWaitLong: Duration.hours(12).toSeconds(),
  UploadsHeldLong: Duration.hours(12).toSeconds(),
  StoreAssetsFailed: 5,
};

/** What takes a person. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { functions, stateMachine, uploadsQueue, deadLetters } = props;
    const metrics: Readonly<Record<Name, Metric>> = {
      DuplicateJob: ownMetric('DuplicateJob', functions.submitJob),
      AccountRefused: ownMetric('AccountRefused', functions.submitJob),
      OverDailyLimit: ownMetric('OverDailyLimit', functions.submitJob),
      SubmitJobFailed: functions.submitJob.metricErrors(hourly),
      UnexpectedError: ownMetric('UnexpectedError', functions.submitJob, hourly),
      UploadsWaitLong: uploadsQueue.metricApproximateAgeOfOldestMessage(often),
      UploadsHeldLong: ownMetric('HeldSeconds', functions.submitJob, { statistic: 'Maximum' }),
      DeadUploads: deadLetters.uploads.metricApproximateNumberOfMessagesVisible(often),
      DeadFailureReports: deadLetters.failureReports.metricApproximateNumberOfMessagesVisible(often),
      GenerationTimedOut: stateMachine.metricTimedOut(often),
      SweepFailed: functions.sweep.metricErrors(often),
      LookFailed: ownMetric('LookFailed', functions.sweep),
      StoreAssetsFailed: functions.storeAssets.metricErrors(hourly),
    };
    for (const [name, alarmDescription] of Object.entries(ALARMS) as [Name, string][]) {
      const alarm = metrics[name].createAlarm(this, name, {
        threshold: AT_LEAST[name] ?? 1,
        alarmDescription,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      if (props.topic) alarm.addAlarmAction(new SnsAction(props.topic));
    }
  }
}

/** What the function itself counts, under its service name. */
function ownMetric(
  metricName: MetricName,
  { serviceName: service }: ServiceFunction,
  options: MetricOptions = {},
): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { service },
    statistic: 'Sum',
    ...often,
    ...options,
  });
}
