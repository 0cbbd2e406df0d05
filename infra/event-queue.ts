import {
  Duration,
  aws_events as events,
  aws_lambda_event_sources as sources,
  aws_sqs as sqs,
  aws_events_targets as targets,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { ServiceFunction } from './service-function.ts';

export interface EventQueueProps {
  /** The id of the rule. */
  readonly rule: string;
  readonly description: string;
  /** @default the default bus of the account */
  readonly eventBus?: events.IEventBus;
  readonly eventPattern: events.EventPattern;
  /** The timeout of the function that the queue feeds. */
  readonly consumerTimeout: Duration;
  /** How often a message is received before it becomes a dead letter. */
  readonly maxReceiveCount: number;
}

/** Events of a bus that wait for a function, and the dead letters among them. */
export class EventQueue extends Construct {
  readonly queue: sqs.Queue;
  readonly deadLetters: sqs.Queue;
  readonly rule: events.Rule;

  constructor(scope: Construct, id: string, props: EventQueueProps) {
    super(scope, id);
    const { description, eventBus, eventPattern, maxReceiveCount } = props;
    // SQS keeps no message longer.
    const retention = { retentionPeriod: Duration.days(14), enforceSSL: true };
    this.deadLetters = new sqs.Queue(this, 'DeadLetters', retention);
    acknowledge(this.deadLetters, { 'Serverless-SQSRedrivePolicy': 'It is itself a dead-letter queue.' });
    this.queue = new sqs.Queue(this, 'Queue', {
      ...retention,
      visibilityTimeout: props.consumerTimeout.plus(Duration.minutes(1)),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount },
    });
    const target = new targets.SqsQueue(this.queue, { deadLetterQueue: this.deadLetters });
    this.rule = new events.Rule(this, props.rule, { description, eventBus, eventPattern, targets: [target] });
  }

  /** One message for each invocation, so that a message that fails takes no other one back with it. */
  feed(consumer: ServiceFunction, maxConcurrency: number): void {
    const options = { batchSize: 1, maxConcurrency, reportBatchItemFailures: true };
    consumer.addEventSource(new sources.SqsEventSource(this.queue, options));
    acknowledge(consumer, {
      'Serverless-LambdaEventSourceMappingDestination': 'The queue has dead letters of its own, with an alarm.',
    });
  }
}
