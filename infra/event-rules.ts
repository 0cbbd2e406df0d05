import { Annotations, aws_events as events, type aws_s3 as s3, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { InvalidSettingError } from './settings/invalid-setting.ts';
import type { MeshdropEvent } from '../functions/contract/event-reader.ts';

/** A deployment that publishes events. */
interface Publisher extends Construct {
  readonly eventBus: events.IEventBus;
  readonly assetBucket: s3.IBucket;
}

/**
 * A rule for one kind of event, in the manner of CDK's own `on…` methods.
 *
 * @throws InvalidSettingError if the pattern names a source or a detail-type
 */
export function createEventRule(
  meshdrop: Publisher,
  detailType: MeshdropEvent['detail-type'],
  id: string,
  { target, eventPattern, ...options }: events.OnEventOptions,
): events.Rule {
  const { eventBus, assetBucket } = meshdrop;
  if (eventPattern?.source ?? eventPattern?.detailType)
    throw new InvalidSettingError(
      `${id}: remove source and detailType from eventPattern; CDK would add them to Meshdrop's own`,
    );
  const rule = new events.Rule(options.crossStackScope ?? meshdrop, id, { ...options, eventBus });
  if (!isBusHere(eventBus, rule))
    Annotations.of(rule).addWarningV2(
      'meshdrop:bus-elsewhere',
      'A rule on an event bus of another account or Region receives no events. Create the rule there.',
    );
  rule.addEventPattern(patternOf(detailType, assetBucket));
  rule.addEventPattern(eventPattern);
  rule.addTarget(target);
  return rule;
}

/** The "Model Stored" events of a deployment. */
export function modelStoredPattern(assetBucket: s3.IBucket): events.EventPattern {
  return patternOf('Model Stored', assetBucket);
}

/** Limits a rule to one deployment: another one may publish on the same bus. */
function patternOf(detailType: MeshdropEvent['detail-type'], { bucketName }: s3.IBucket): events.EventPattern {
  const source: MeshdropEvent['source'] = 'meshdrop';
  return { source: [source], detailType: [detailType], detail: { data: { manifest: { bucket: [bucketName] } } } };
}

/** Whether the bus is in the account and Region of the scope. Only there, a rule receives its events. */
export function isBusHere(eventBus: events.IEventBus, scope: Construct): boolean {
  return busAddress(eventBus, scope) === eventBus.eventBusName;
}

/** What PutEvents finds a bus by: its name in the same account and Region, its ARN elsewhere. */
export function busAddress({ eventBusName, eventBusArn, env }: events.IEventBus, scope: Construct): string {
  const { account, region } = Stack.of(scope);
  return env.account === account && env.region === region ? eventBusName : eventBusArn;
}
