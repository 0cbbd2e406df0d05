import {
  aws_cloudwatch_actions as actions,
  aws_cloudwatch as cloudwatch,
  Duration,
  aws_iam as iam,
  type aws_lambda as lambda,
  type aws_sns as sns,
  Stack,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { ServiceFunction } from './service-function.ts';
import type { Settings } from './settings/settings.ts';

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

/** The function that ends a run knows its charge. */
export function aboveQuote(fn: ServiceFunction): Alarm {
  return [
    fn.serviceMetric('AboveQuote'),
    `Scenario charged a job more than it had quoted. The log of ${fn.node.id} names both amounts. Ask Scenario why.`,
  ];
}

/** Creates an alarm that goes off if a function is not invoked for so many minutes. */
export function createHeartbeat(scope: Construct, id: string, fn: lambda.IFunction, minutes: number): void {
  const hours = Math.ceil(minutes / 60);
  fn.metricInvocations({ period: Duration.hours(1), statistic: 'Sum' }).createAlarm(scope, id, {
    threshold: 1,
    comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: hours + 1,
    alarmDescription: `${fn.node.id} has not been invoked for ${hours} hours. Check its schedule rule and its concurrency.`,
    treatMissingData: cloudwatch.TreatMissingData.BREACHING,
  });
}

/** Adds to every alarm of the construct where its runbook is. */
export function linkRunbooks(scope: Construct, { runbookUrl }: Settings): void {
  for (const { node } of alarmsIn(scope)) {
    const resource = node.defaultChild;
    if (!(resource instanceof cloudwatch.CfnAlarm)) throw new Error(`${node.path} has no alarm resource`);
    resource.alarmDescription = `${resource.alarmDescription ?? ''} Runbook: ${runbookUrl}#${node.id.toLowerCase()}`;
  }
}

/**
 * Makes every alarm of the construct notify the topic when it rings and when it is over, and allows CloudWatch to publish
 * to it. A topic that was imported keeps its own policy.
 */
export function connectAlarms(scope: Construct, topic: sns.ITopic): void {
  const { account } = Stack.of(scope);
  const conditions = { StringEquals: { 'aws:SourceAccount': account } };
  topic.grantPublish(new iam.ServicePrincipal('cloudwatch.amazonaws.com', { conditions }));
  const action = new actions.SnsAction(topic);
  for (const alarm of alarmsIn(scope)) {
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
}

function alarmsIn(scope: Construct): readonly cloudwatch.Alarm[] {
  return scope.node.findAll().filter((node) => node instanceof cloudwatch.Alarm);
}
