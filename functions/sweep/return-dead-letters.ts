import { DeleteMessageCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { answer } from '../run/conclude.ts';
import { errorOf } from '../platform/to-error.ts';
import { givenUp, MOST_ATTEMPTS } from '../run/given-up.ts';
import { executionIn, reportFailure } from '../run/report-failure.ts';
import { runIdOfUpload, uploadIn } from '../run/upload-message.ts';
import { sendUpload } from './send-upload.ts';
import type { SweepTools } from './sweep-tools.ts';

const PAGE = 10;
/** Pages of one sweep; what is left is there an hour later. */
const MOST_PAGES = 50;
/** Longer than a sweep may run, so that none of it meets a message twice. */
const HIDDEN_SECONDS = 1200;

/** Uploads that were received too often go back to the queue, unless their errors are counted out: then they are answered. */
export async function returnDeadUploads(tools: SweepTools): Promise<void> {
  await eachDeadLetter(tools.queueUrls.deadUploads, tools, async (body) => {
    const runId = runIdOfUpload(uploadIn(body));
    const record = (await tools.records.read(runId))?.record;
    const isOver = record?.phase === 'claimed' && record.attempts >= MOST_ATTEMPTS;
    if (isOver && (await answer(record, givenUp(), tools))) return;
    await sendUpload(runId, body, tools);
  });
}

/** Ends of executions that ReportFailure could not take. */
export async function reportDeadReports(tools: SweepTools): Promise<void> {
  await eachDeadLetter(tools.queueUrls.deadReports, tools, (body) =>
    reportFailure(executionIn(JSON.parse(body)), tools),
  );
}

/** A letter is gone only when it is done with. What can not be read stays where it is: that takes a person. */
async function eachDeadLetter(queueUrl: string, tools: SweepTools, work: (body: string) => Promise<void>) {
  const page = { QueueUrl: queueUrl, MaxNumberOfMessages: PAGE, VisibilityTimeout: HIDDEN_SECONDS };
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const { Messages = [] } = await tools.sqs.send(new ReceiveMessageCommand(page));
    if (Messages.length === 0) return;
    for (const message of Messages) await settle(message, queueUrl, tools, work);
  }
}

async function settle(
  { MessageId, ReceiptHandle, Body = '' }: Message,
  queueUrl: string,
  tools: SweepTools,
  work: (body: string) => Promise<void>,
): Promise<void> {
  try {
    await work(Body);
    await tools.sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
  } catch (error) {
    tools.log.error('a dead letter stays', { messageId: MessageId, error: errorOf(error) });
  }
}
