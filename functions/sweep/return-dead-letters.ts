import { DeleteMessageCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { toError } from '../platform/errors.ts';
import { endedExecutionIn } from '../run/ended-execution.ts';
import { uploadIn } from '../run/upload.ts';
import { putBack, type Sweeping } from './sweeping.ts';

const PAGE = 10;
/** The limit of one sweep. The next sweep reads the rest. */
const MAX_PAGES = 50;
/** Longer than a sweep can run, so that it never receives a message twice. */
const HIDDEN_SECONDS = 1200;

/** Puts back uploads that were received too often. SubmitJob ends those with too many errors. */
export async function returnDeadUploads(sweeping: Sweeping): Promise<void> {
  const { deadUploads, uploads } = sweeping.queueUrls;
  await returnDeadLetters(deadUploads, uploads, uploadIn, sweeping);
}

/** Puts back reports that ReportFailure could not process. */
export async function returnDeadReports(sweeping: Sweeping): Promise<void> {
  const { deadReports, reports } = sweeping.queueUrls;
  await returnDeadLetters(deadReports, reports, endedExecutionIn, sweeping);
}

/** A message that cannot be read stays where it is. A person has to look. */
async function returnDeadLetters(
  from: string,
  to: string,
  read: (body: string) => unknown,
  sweeping: Sweeping,
): Promise<void> {
  const page = { QueueUrl: from, MaxNumberOfMessages: PAGE, VisibilityTimeout: HIDDEN_SECONDS };
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const { Messages = [] } = await sweeping.sqs.send(new ReceiveMessageCommand(page));
    if (Messages.length === 0) return;
    for (const message of Messages) await returnDeadLetter(message, from, to, read, sweeping);
  }
}

async function returnDeadLetter(
  { MessageId, ReceiptHandle, Body = '' }: Message,
  from: string,
  to: string,
  read: (body: string) => unknown,
  sweeping: Sweeping,
): Promise<void> {
  try {
    read(Body);
    await putBack(to, Body, sweeping);
    await sweeping.sqs.send(new DeleteMessageCommand({ QueueUrl: from, ReceiptHandle }));
  } catch (error) {
    sweeping.telemetry.log.error('a dead letter stays', { messageId: MessageId, error: toError(error) });
  }
}
