import { createHash, randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type DurableFiles, openDurableFiles } from './durable-files.ts';

const messageSchema = z.object({
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

export interface QueueOptions {
  readonly arn: string;
  readonly folder: string;
  readonly visibilityTimeoutMs: number;
  readonly retentionMs: number;
  /** Where a message goes that was received this often. */
  readonly redrive?: { readonly queue: Queue; readonly maxReceiveCount: number } | undefined;
  /** Divides what is left of a visibility timeout when a receiver gives a message back. */
  readonly speed: number;
  readonly now?: () => number;
}

/** A standard queue with the semantics of SQS, as far as a Lambda event source sees them. Messages outlive the process. */
export interface Queue {
  readonly arn: string;
  send(body: string, deadLetterSource?: string): Promise<void>;
  /** The next visible message, now invisible to others. Undefined when there is none. */
  receive(): Promise<Message | undefined>;
  delete(messageId: string): Promise<void>;
  /** The receiver failed: the message comes back when its visibility timeout ends. */
  giveBack(messageId: string): void;
  /** All that is in the queue, visible or not. */
  messages(): readonly Message[];
  /** Called whenever a message may have become visible. */
  onVisible(listener: () => void): void;
  close(): void;
}

export async function openQueue(options: QueueOptions): Promise<Queue> {
  const files = await openDurableFiles(options.folder);
  return new StandardQueue(options, files, await files.readAll());
}

class StandardQueue implements Queue {
  readonly arn: string;
  readonly #options: QueueOptions;
  readonly #files: DurableFiles;
  readonly #messages = new Map<string, Message>();
  /** When an invisible message becomes visible again. A process that dies gives all of its messages back. */
  readonly #invisibleUntil = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #listener: () => void = () => undefined;

  constructor(options: QueueOptions, files: DurableFiles, stored: ReadonlyMap<string, unknown>) {
    this.arn = options.arn;
    this.#options = options;
    this.#files = files;
    const messages = [...stored.values()].map((message) => messageSchema.parse(message));
    for (const message of messages.sort((a, b) => a.sentAt - b.sentAt))
      this.#messages.set(message.messageId, message);
  }

  async send(body: string, deadLetterSource?: string): Promise<void> {
    const message: Message = {
      messageId: randomUUID(),
      body,
      sentAt: this.#now(),
      receiveCount: 0,
      ...(deadLetterSource && { deadLetterSource }),
    };
    await this.#files.write(message.messageId, message);
    this.#messages.set(message.messageId, message);
    this.#listener();
  }

  async receive(): Promise<Message | undefined> {
    for (const message of this.#messages.values()) {
      if ((this.#invisibleUntil.get(message.messageId) ?? 0) > this.#now()) continue;
      // Taken before anything is awaited, so that no other receiver takes it too.
      this.#hide(message.messageId, this.#options.visibilityTimeoutMs);
      if (await this.#isOver(message)) continue;
      const received = {
        ...message,
        receiveCount: message.receiveCount + 1,
        firstReceivedAt: message.firstReceivedAt ?? this.#now(),
      };
      await this.#files.write(message.messageId, received);
      this.#messages.set(message.messageId, received);
      return received;
    }
    return undefined;
  }

  async delete(messageId: string): Promise<void> {
    this.#messages.delete(messageId);
    this.#invisibleUntil.delete(messageId);
    await this.#files.remove(messageId);
  }

  giveBack(messageId: string): void {
    const leftMs = (this.#invisibleUntil.get(messageId) ?? 0) - this.#now();
    this.#hide(messageId, Math.max(0, leftMs) / this.#options.speed);
  }

  messages(): readonly Message[] {
    return [...this.#messages.values()];
  }

  onVisible(listener: () => void): void {
    this.#listener = listener;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Moves a message on that was received too often, and drops one that is too old. */
  async #isOver(message: Message): Promise<boolean> {
    const { redrive, retentionMs } = this.#options;
    const isWorn = redrive !== undefined && message.receiveCount >= redrive.maxReceiveCount;
    if (!isWorn && this.#now() - message.sentAt <= retentionMs) return false;
    if (isWorn) await redrive.queue.send(message.body, this.arn);
    await this.delete(message.messageId);
    return true;
  }

  #hide(messageId: string, ms: number): void {
    this.#invisibleUntil.set(messageId, this.#now() + ms);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#listener();
    }, ms + 1);
    this.#timers.add(timer);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

/** A message as the event of a Lambda function. */
export function sqsRecord(message: Message, arn: string) {
  return {
    messageId: message.messageId,
    receiptHandle: `${message.messageId}#${message.receiveCount}`,
    body: message.body,
    attributes: {
      ApproximateReceiveCount: String(message.receiveCount),
      SentTimestamp: String(message.sentAt),
      SenderId: 'local',
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
    },
    messageAttributes: {},
    md5OfBody: createHash('md5').update(message.body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: 'us-east-1',
  };
}
