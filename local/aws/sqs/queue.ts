import * as z from 'zod';
import type { Clock } from '../clock.ts';
import type { DurableFiles } from '../durable-files.ts';
import { ServiceError } from '../service-error.ts';
import { type Message, messageIdIn, messageSchema, receiptHandleOf } from './message.ts';
import { createVisibility, type Visibility } from './visibility.ts';

export interface QueueOptions {
  readonly arn: string;
  readonly files: DurableFiles;
  readonly clock: Clock;
  /** Makes message ids. */
  readonly newId: () => string;
  readonly visibilityTimeoutMs: number;
  readonly retentionMs: number;
  /** Where a message goes that was received this often. */
  readonly redrive?: { readonly queue: Queue; readonly maxReceiveCount: number } | undefined;
  /** Divides what is left of a visibility timeout when a receiver gives a message back. */
  readonly speed: number;
  /** Told of every message that is sent. */
  readonly onSent?: ((message: Message) => void) | undefined;
}

interface ReceiveOptions {
  /** @default the queue's visibility timeout */
  readonly visibilityTimeoutMs?: number | undefined;
  /** Leaves the message visible to others: what SQS calls "at least once". */
  readonly staysVisible?: boolean;
}

/**
 * A standard queue with the semantics of SQS. Messages outlive the process. Where AWS only says that an old receipt handle
 * may not work, here it never does.
 */
export interface Queue {
  readonly arn: string;
  readonly name: string;
  readonly options: Pick<QueueOptions, 'visibilityTimeoutMs' | 'retentionMs' | 'redrive'>;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  send(body: string, deadLetterSource?: string): Promise<Message>;
  /** The oldest visible message, now invisible to others. Undefined if there is none. */
  receive(options?: ReceiveOptions): Promise<Message | undefined>;
  /**
   * Nothing happens if the message is gone already, or was received again since.
   *
   * @throws ServiceError ReceiptHandleIsInvalid
   */
  delete(receiptHandle: string): Promise<void>;
  /**
   * Counts from now; 0 makes the message visible at once.
   *
   * @throws ServiceError ReceiptHandleIsInvalid, MessageNotInflight, or if the message is gone or was received again since
   */
  changeVisibility(receiptHandle: string, timeoutMs: number): void;
  /** The receiver failed: the message comes back when its visibility timeout ends. */
  giveBack(receiptHandle: string): void;
  /** All that is in the queue, visible or not, oldest first. */
  messages(): readonly Message[];
  isVisible(message: Message): boolean;
  /** Called whenever a message may have become visible. */
  onVisible(listener: () => void): void;
  close(): void;
}

/** The document that says since when there is this queue. */
const CREATED_AT = 'created-at';

export async function openQueue(options: QueueOptions): Promise<Queue> {
  const { files, clock } = options;
  const stored = new Map(await files.readAll());
  const createdAt = z.number().safeParse(stored.get(CREATED_AT)).data ?? clock.now();
  if (!stored.delete(CREATED_AT)) await files.write(CREATED_AT, createdAt);
  const messages = [...stored.values()].map((message) => messageSchema.parse(message));
  return new StandardQueue(options, messages, createdAt);
}

class StandardQueue implements Queue {
  readonly arn: string;
  readonly name: string;
  readonly options: QueueOptions;
  readonly createdAt: number;
  readonly #messages: Map<string, Message>;
  readonly #visibility: Visibility;
  #listener: () => void = () => undefined;

  constructor(options: QueueOptions, stored: readonly Message[], createdAt: number) {
    this.arn = options.arn;
    this.name = options.arn.slice(options.arn.lastIndexOf(':') + 1);
    this.options = options;
    this.createdAt = createdAt;
    this.#visibility = createVisibility(options.clock, () => this.#listener());
    const sorted = stored.toSorted((a, b) => a.sentAt - b.sentAt);
    this.#messages = new Map(sorted.map((message) => [message.messageId, message]));
  }

  async send(body: string, deadLetterSource?: string): Promise<Message> {
    const { clock, files, newId, onSent } = this.options;
    const message: Message = {
      messageId: newId(),
      body,
      sentAt: clock.now(),
      receiveCount: 0,
      ...(deadLetterSource && { deadLetterSource }),
    };
    await files.write(message.messageId, message);
    this.#messages.set(message.messageId, message);
    onSent?.(message);
    this.#listener();
    return message;
  }

  async receive({
    visibilityTimeoutMs = this.options.visibilityTimeoutMs,
    staysVisible = false,
  }: ReceiveOptions = {}): Promise<Message | undefined> {
    const { clock, files } = this.options;
    for (const message of this.#messages.values()) {
      if (!this.isVisible(message)) continue;
      // Taken before anything is awaited, so that no other receiver takes it too.
      this.#visibility.hide(message.messageId, staysVisible ? 0 : visibilityTimeoutMs);
      if (this.#isWorn(message) || this.#isOld(message)) {
        await this.#moveOn(message);
        continue;
      }
      const { receiveCount, firstReceivedAt = clock.now() } = message;
      const received = { ...message, receiveCount: receiveCount + 1, firstReceivedAt };
      this.#messages.set(message.messageId, received);
      await files.write(message.messageId, received);
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
    this.#visibility.hide(message.messageId, timeoutMs);
  }

  giveBack(receiptHandle: string): void {
    const message = this.#lastReceived(receiptHandle);
    if (!message || this.isVisible(message)) return;
    const { messageId } = message;
    this.#visibility.hide(messageId, this.#visibility.leftMs(messageId) / this.options.speed);
  }

  messages(): readonly Message[] {
    return [...this.#messages.values()];
  }

  isVisible({ messageId }: Message): boolean {
    return this.#visibility.isVisible(messageId);
  }

  onVisible(listener: () => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.#visibility.close();
  }

  /** The message of a handle, as long as that is the handle of its last receive. */
  #lastReceived(receiptHandle: string): Message | undefined {
    const messageId = messageIdIn(receiptHandle);
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

  #isWorn({ receiveCount }: Message): boolean {
    const { redrive } = this.options;
    return redrive !== undefined && receiveCount >= redrive.maxReceiveCount;
  }

  #isOld({ sentAt }: Message): boolean {
    return this.options.clock.now() - sentAt > this.options.retentionMs;
  }

  /** A message that was received too often becomes a dead letter; one that is too old is dropped. */
  async #moveOn(message: Message): Promise<void> {
    if (this.#isWorn(message)) await this.options.redrive?.queue.send(message.body, this.arn);
    await this.#forget(message);
  }

  async #forget({ messageId }: Message): Promise<void> {
    this.#messages.delete(messageId);
    this.#visibility.forget(messageId);
    await this.options.files.remove(messageId);
  }
}
