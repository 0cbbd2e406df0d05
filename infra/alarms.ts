import { aws_cloudwatch_actions as actions, aws_cloudwatch as cloudwatch, type aws_sns as sns } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** The description says what happened and what to do. The threshold is 1 by default. */
type Alarm = readonly [metric: cloudwatch.Metric, description: string, threshold?: number];

/** Errors an hour that need a person. The queue retries a single upload about ten times an hour. */
export const REPEATED = 5;

/** Creates alarms by their ids. Without data they are silent. */
export function createAlarms(scope: Construct, alarms: Readonly<Record<string, Alarm>>): void {
  const treatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING;
  for (const [id, [metric, alarmDescription, threshold = 1]] of Object.entries(alarms))
    metric.createAlarm(scope, id, { threshold, alarmDescription, evaluationPeriods: 1, treatMissingData });
}

/** Makes every alarm of the construct notify the topic. */
export function connectAlarms(scope: Construct, topic: sns.ITopic): void {
  const alarms = scope.node.findAll().filter((node) => node instanceof cloudwatch.Alarm);
  for (const alarm of alarms) alarm.addAlarmAction(new actions.SnsAction(topic));
}
