import * as z from 'zod';

export const messageSchema = z.object({
  messageId: z.string(),
  body: z.string(),
  /** Milliseconds since 1970. The same unit applies to the time of the first receive. */
  sentAt: z.number(),
  firstReceivedAt: z.number().optional(),
  receiveCount: z.number(),
  /** The source queue of a dead letter. */
  deadLetterSource: z.string().optional(),
});

export type Message = z.infer<typeof messageSchema>;

/** Returns the receipt handle of the last receive. Each receive has its own handle. */
export function receiptHandleOf({ messageId, receiveCount }: Message): string {
  return `${messageId}#${receiveCount}`;
}

/** Returns undefined if the text is not a receipt handle. */
export function messageIdIn(receiptHandle: string): string | undefined {
  return /^([\w-]+)#\d+$/.exec(receiptHandle)?.[1];
}
