import { Duration, type aws_stepfunctions as sfn } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { ReportFailureEnv } from '../functions/report-failure/report-failure.ts';
import { aboveQuote, createAlarms } from './alarms.ts';
import { EventQueue } from './event-queue.ts';
import * as base from './foundation.ts';
import { ServiceFunction } from './service-function.ts';

export interface FailureReportsProps extends base.Foundation {
  readonly stateMachine: sfn.StateMachine;
}

const TIMEOUT = Duration.minutes(1);

/** The lowest that SQS accepts. */
const MAX_CONCURRENCY = 2;

/** Reports executions that end without a model, even those that time out or are stopped, which no state could catch. */
export class FailureReports extends EventQueue {
  constructor(scope: Construct, id: string, props: FailureReportsProps) {
    const { stateMachine } = props;
    super(scope, id, {
      rule: 'GenerationFailed',
      description: 'Every generation that ended without a model',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [stateMachine.stateMachineArn],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      consumerTimeout: TIMEOUT,
      // Ten minutes of retries. The sweep returns the dead letters to the queue.
      maxReceiveCount: 5,
    });
    const reportFailure = new ServiceFunction(this, 'ReportFailure', {
      description: 'Ends the run of an execution that failed, timed out, or was aborted',
      environment: base.outcomeEnvironment(this, props) satisfies ReportFailureEnv,
      timeout: TIMEOUT,
      settings: props.settings,
    });
    this.feed(reportFailure, MAX_CONCURRENCY);

    base.allowConclude(reportFailure, props);
    reportFailure.allowExecution(stateMachine, 'states:DescribeExecution');

    createAlarms(this, {
      AboveQuote: aboveQuote(reportFailure),
      ModelNotStored: [
        reportFailure.serviceMetric('ModelNotStored'),
        'A paid model could not be stored. The log of ReportFailure names the run and the reason. Fix the cause, and redrive the run. It never pays again.',
      ],
      DeadFailureReports: [
        this.deadLetters.metricApproximateNumberOfMessagesVisible(),
        'A failed execution could not be reported. The sweep tries again. If the report stays, check the log of ReportFailure.',
      ],
    });
  }
}
