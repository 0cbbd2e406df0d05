import {
  type DescribeExecutionCommandOutput,
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { uploadIn } from '../../functions/run/upload-message.ts';
import { sweep } from '../../functions/sweep/sweep.ts';
import type { SweepTools } from '../../functions/sweep/sweep-tools.ts';
import { openSqs } from './sqs-endpoint.ts';
import { UPLOADS } from './s3-endpoint.ts';
import { openSubmission } from './submission.ts';

type Status = DescribeExecutionCommandOutput['status'];

const STATE_MACHINE_ARN = 'arn:aws:states:us-east-1:000000000000:stateMachine:Generation';
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
  const tools: Omit<SweepTools, 'remainingMs'> = {
    ...world.tools,
    sfn,
    sqs,
    uploadBucket: UPLOADS,
    stateMachineArn: STATE_MACHINE_ARN,
    ignorePrefixes: ['drafts/'],
    queueUrls,
  };

  /** One invocation of the function, with ten minutes of its own. */
  function sweepOnce(changed: Partial<SweepTools> = {}): Promise<void> {
    const endsAt = world.time.now() + LIFETIME_MS;
    return sweep({ ...tools, remainingMs: () => endsAt - world.time.now(), ...changed });
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

  return { ...world, ...queues, sqs, executions, sweepTools: tools, sweepOnce, waiting, deliver };
}
