import * as z from 'zod';

export const messageSchema = z.object({
  messageId: z.string(),
  body: z.string(),
  /** Milliseconds since 1970, of the first receive too. */
  sentAt: z.number(),
  firstReceivedAt: z.number().optional(),
  receiveCount: z.number(),
  /** Of a dead letter: the queue it came from. */
  deadLetterSource: z.string().optional(),
});

export type Message = z.infer<typeof messageSchema>;

/** Of the last receive of a message: another receive gives another one. */
export function receiptHandleOf({ messageId, receiveCount }: Message): string {
  return `${messageId}#${receiveCount}`;
}

/** Undefined if it is not a receipt handle. */
export function messageIdIn(receiptHandle: string): string | undefined {
  return /^([\w-]+)#\d+$/.exec(receiptHandle)?.[1];
}
