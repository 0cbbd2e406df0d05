import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type DurableFiles, openDurableFiles, writeWhole } from '../durable-files.ts';
import { ServiceError } from '../service-error.ts';

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

/**
 * A standard queue with the semantics of SQS. Messages outlive the process. Where AWS only says that an old receipt handle
 * may not work, here it never does.
 */
export interface Queue {
  readonly arn: string;
  readonly options: Pick<QueueOptions, 'visibilityTimeoutMs' | 'retentionMs' | 'redrive'>;
  /** When the data folder first had it, in milliseconds since 1970. */
  readonly createdAt: number;
  send(body: string, deadLetterSource?: string): Promise<Message>;
  /** The oldest visible message, now invisible to others. Undefined when there is none. */
  receive(visibilityTimeoutMs?: number): Promise<Message | undefined>;
  /**
   * Nothing happens when the message is gone already, or was received again since.
   *
   * @throws ServiceError ReceiptHandleIsInvalid
   */
  delete(receiptHandle: string): Promise<void>;
  /**
   * Counts from now; 0 makes the message visible at once.
   *
   * @throws ServiceError ReceiptHandleIsInvalid, MessageNotInflight, or when the message is gone or was received again since
   */
  changeVisibility(receiptHandle: string, timeoutMs: number): void;
  /** The receiver failed: the message comes back when its visibility timeout ends, whoever has set it. */
  giveBack(receiptHandle: string): void;
  /** All that is in the queue, visible or not, oldest first. */
  messages(): readonly Message[];
  isVisible(message: Message): boolean;
  /** Called whenever a message may have become visible. */
  onVisible(listener: () => void): void;
  close(): void;
}

/** Of the last receive of a message: another receive gives another one. */
export function receiptHandleOf({ messageId, receiveCount }: Message): string {
  return `${messageId}#${receiveCount}`;
}

export async function openQueue(options: QueueOptions): Promise<Queue> {
  const files = await openDurableFiles(options.folder);
  return new StandardQueue(options, files, await files.readAll(), await createdAt(options));
}

async function createdAt({ folder, now = Date.now }: QueueOptions): Promise<number> {
  const file = join(folder, 'created-at');
  const kept = await readFile(file, 'utf8').catch(() => undefined);
  if (kept !== undefined) return Number(kept);
  const created = now();
  await writeWhole(file, String(created));
  return created;
}

class StandardQueue implements Queue {
  readonly arn: string;
  readonly options: QueueOptions;
  readonly createdAt: number;
  readonly #files: DurableFiles;
  readonly #messages = new Map<string, Message>();
  /** When an invisible message becomes visible again. A process that dies gives all of its messages back. */
  readonly #invisibleUntil = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #listener: () => void = () => undefined;

  constructor(
    options: QueueOptions,
    files: DurableFiles,
    stored: ReadonlyMap<string, unknown>,
    created: number,
  ) {
    this.arn = options.arn;
    this.options = options;
    this.createdAt = created;
    this.#files = files;
    const messages = [...stored.values()].map((message) => messageSchema.parse(message));
    for (const message of messages.sort((a, b) => a.sentAt - b.sentAt))
      this.#messages.set(message.messageId, message);
  }

  async send(body: string, deadLetterSource?: string): Promise<Message> {
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
    return message;
  }

  async receive(visibilityTimeoutMs = this.options.visibilityTimeoutMs): Promise<Message | undefined> {
    for (const message of this.#messages.values()) {
      if (!this.isVisible(message)) continue;
      // Taken before anything is awaited, so that no other receiver takes it too.
      this.#hide(message.messageId, visibilityTimeoutMs);
      if (await this.#movedOn(message)) continue;
      const { messageId, receiveCount, firstReceivedAt = this.#now() } = message;
      const received = { ...message, receiveCount: receiveCount + 1, firstReceivedAt };
      this.#messages.set(messageId, received);
      await this.#files.write(messageId, received);
      return received;
    }
    return undefined;
  }

  async delete(receiptHandle: string): Promise<void> {
    const message = this.#lastReceived(receiptHandle);
    if (message) await this.#forget(message);
  }

  changeVisibility(receiptHandle: string, timeoutMs: number): void {
    const message = this.#lastReceived(receiptHandle);
    if (!message) {
      throw new ServiceError(
        'InvalidParameterValueException',
        `Value ${receiptHandle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      );
    }
    if (this.isVisible(message))
      throw new ServiceError('MessageNotInflight', `the message ${message.messageId} is not in flight`);
    this.#hide(message.messageId, timeoutMs);
  }

  giveBack(receiptHandle: string): void {
    const message = this.#lastReceived(receiptHandle);
    if (!message || this.isVisible(message)) return;
    const leftMs = (this.#invisibleUntil.get(message.messageId) ?? 0) - this.#now();
    this.#hide(message.messageId, leftMs / this.options.speed);
  }

  messages(): readonly Message[] {
    return [...this.#messages.values()];
  }

  isVisible({ messageId }: Message): boolean {
    return (this.#invisibleUntil.get(messageId) ?? 0) <= this.#now();
  }

  onVisible(listener: () => void): void {
    this.#listener = listener;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** The message of a handle, as long as that is the handle of its last receive. */
  #lastReceived(receiptHandle: string): Message | undefined {
    const messageId = /^([0-9a-f-]{36})#\d+$/.exec(receiptHandle)?.[1];
    if (messageId === undefined) {
      throw new ServiceError(
        'ReceiptHandleIsInvalid',
        `The input receipt handle "${receiptHandle}" is not a valid receipt handle.`,
        404,
      );
    }
    const message = this.#messages.get(messageId);
    return message && receiptHandleOf(message) === receiptHandle ? message : undefined;
  }

  /** Moves a message on that was received too often, and drops one that is too old. */
  async #movedOn(message: Message): Promise<boolean> {
    const { redrive, retentionMs } = this.options;
    const isWorn = redrive !== undefined && message.receiveCount >= redrive.maxReceiveCount;
    if (!isWorn && this.#now() - message.sentAt <= retentionMs) return false;
    if (isWorn) await redrive.queue.send(message.body, this.arn);
    await this.#forget(message);
    return true;
  }

  async #forget({ messageId }: Message): Promise<void> {
    this.#messages.delete(messageId);
    this.#invisibleUntil.delete(messageId);
    await this.#files.remove(messageId);
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
    return (this.options.now ?? Date.now)();
  }
}
