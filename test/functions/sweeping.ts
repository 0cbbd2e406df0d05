import {
  type DescribeExecutionCommandOutput,
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import type { Context, SQSRecord } from 'aws-lambda';
import { createReportFailure } from '../../functions/report-failure/report-failure.ts';
import { sweep } from '../../functions/sweep/sweep.ts';
import { createSweeping, type Sweeping } from '../../functions/sweep/sweeping.ts';
import { openSqs } from './sqs-endpoint.ts';
import { ASSETS, UPLOADS } from './s3-endpoint.ts';
import { openSubmission, STATE_MACHINE_ARN } from './submission.ts';
import { uploadIn } from '../../functions/run/upload.ts';

type Status = DescribeExecutionCommandOutput['status'];

const LIFETIME_MS = 600_000;
export const MINUTES = 60;
export const HOURS = 3600;
export const DAYS = 24 * HOURS;

/** Everything around the sweep: SubmitJob's world, its queues, and executions that say what they are told to. */
export async function openSweep() {
  const world = await openSubmission();
  const { sqs, queueUrls, ...queues } = await openSqs(world.time.now);
  const executions = new Map<string, { status: Status; error?: string; cause?: string }>();
  const sfn = new SFNClient({ region: 'us-east-1' });
  mockClient(sfn)
    .on(DescribeExecutionCommand)
    .callsFake(async ({ executionArn }: { executionArn: string }) => {
      const name = executionArn.split(`${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:`)[1];
      const execution = executions.get(name ?? '');
      if (!execution) throw new ExecutionDoesNotExist({ message: executionArn, $metadata: {} });
      return { ...execution, executionArn };
    });
  const env = {
    UPLOAD_BUCKET: UPLOADS,
    MORE_UPLOAD_BUCKETS: '[]',
    ASSET_BUCKET: ASSETS,
    STATE_MACHINE_ARN,
    IGNORED: '{"prefixes":["drafts/"],"names":[]}',
    UPLOADS_QUEUE_URL: queueUrls.uploads,
    UPLOADS_DEAD_LETTERS_URL: queueUrls.deadUploads,
    FAILURE_REPORTS_QUEUE_URL: queueUrls.reports,
    FAILURE_REPORTS_DEAD_LETTERS_URL: queueUrls.deadReports,
  };
  const { telemetry, time, clients } = world;
  const sweeping = createSweeping(env, { ...clients, sfn, sqs }, time, { telemetry });

  /** One invocation of the function, with ten minutes of its own. */
  function sweepOnce(changed: Partial<Sweeping> = {}): Promise<void> {
    const endsAt = time.now() + LIFETIME_MS;
    return sweep({ ...sweeping, remainingMs: () => endsAt - time.now(), ...changed });
  }

  /** The keys of the uploads that wait in the queue. */
  const waiting = () => queues.uploads.messages().map(({ body }) => uploadIn(body).key);

  /** What the queue does with SubmitJob: hands it every message that waits. */
  async function deliver(): Promise<void> {
    for (const { body, messageId } of queues.uploads.messages()) {
      const received = await queues.uploads.receive();
      await world.submit(uploadIn(body));
      await queues.uploads.delete(`${messageId}#${received?.receiveCount}`);
    }
  }

  const reportEnv = { ASSET_BUCKET: ASSETS, EVENT_BUS_NAME: 'default' };
  const reportFailure = createReportFailure(reportEnv, { ...clients, sfn }, time, { telemetry });

  /** What the queue of failure reports does with ReportFailure. */
  async function deliverReports(): Promise<void> {
    for (const { body, messageId } of queues.reports.messages()) {
      const received = await queues.reports.receive();
      await reportFailure({ Records: [{ messageId, body } as SQSRecord] }, {} as Context);
      await queues.reports.delete(`${messageId}#${received?.receiveCount}`);
    }
  }

  return { ...world, ...queues, sqs, queueUrls, executions, sweepOnce, waiting, deliver, deliverReports };
}
