import * as z from 'zod';
import type { Clock } from '../clock.ts';
import type { DurableFiles } from '../../files/durable-files.ts';
import { ServiceError } from '../service-error.ts';
import { type Message, messageIdIn, messageSchema, receiptHandleOf } from './message.ts';
import { createVisibility, type Visibility } from './visibility.ts';

export interface QueueOptions {
  readonly arn: string;
  readonly files: DurableFiles;
  readonly clock: Clock;
  /** Creates message IDs. */
  readonly newId: () => string;
  readonly visibilityTimeoutMs: number;
  readonly retentionMs: number;
  /** The dead-letter queue, and the number of receives after which a message moves to it. */
  readonly redrive?: { readonly queue: Queue; readonly maxReceiveCount: number } | undefined;
  /** Divides the rest of the visibility timeout when a receiver gives a message back. */
  readonly speed: number;
  /** Called with every message that is sent. */
  readonly onSent?: ((message: Message) => void) | undefined;
}

interface ReceiveOptions {
  /** @default the queue's visibility timeout */
  readonly visibilityTimeoutMs?: number | undefined;
  /** Keeps the message visible to other receivers, which SQS allows ("at least once"). */
  readonly staysVisible?: boolean;
}

/**
 * A standard queue with the semantics of SQS. Messages survive the end of the process. On AWS, an old receipt handle
 * might still work. Here, it never does.
 */
export interface Queue {
  readonly arn: string;
  readonly name: string;
  readonly options: Pick<QueueOptions, 'visibilityTimeoutMs' | 'retentionMs' | 'redrive'>;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  send(body: string, deadLetterSource?: string): Promise<Message>;
  /**
   * Returns the first visible message and hides it from other receivers. Returns undefined if there is none. Messages
   * are in the order in which they were sent, but those that were received three times come last.
   */
  receive(options?: ReceiveOptions): Promise<Message | undefined>;
  /**
   * Deletes the message. Does nothing if it is already deleted, or if it was received again since.
   *
   * @throws ServiceError ReceiptHandleIsInvalid
   */
  delete(receiptHandle: string): Promise<void>;
  /**
   * Hides the message for this long from now on. 0 makes it visible immediately.
   *
   * @throws ServiceError ReceiptHandleIsInvalid, MessageNotInflight; also if the message is deleted, or received again
   */
  changeVisibility(receiptHandle: string, timeoutMs: number): void;
  /** Called when the receiver failed. The message becomes visible again when its visibility timeout ends. */
  giveBack(receiptHandle: string): void;
  /** Returns all messages, visible or not, in the order in which they are received. */
  messages(): readonly Message[];
  isVisible(message: Message): boolean;
  /** Calls the listener whenever a message might have become visible. */
  onVisible(listener: () => void): void;
  close(): void;
}

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html */
const RECEIVES_IN_FRONT = 3;

/** The document with the creation time of the queue. */
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
      // Hide the message before the first await, so that no other receiver gets it.
      this.#visibility.hide(message.messageId, staysVisible ? 0 : visibilityTimeoutMs);
      if (this.#isWorn(message) || this.#isOld(message)) {
        await this.#moveOn(message);
        continue;
      }
      const { receiveCount, firstReceivedAt = clock.now() } = message;
      const received = { ...message, receiveCount: receiveCount + 1, firstReceivedAt };
      // SQS moves a message to the back of the queue once it was received three times.
      if (received.receiveCount >= RECEIVES_IN_FRONT) this.#messages.delete(message.messageId);
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

  /** Returns the message of a receipt handle, unless it was received again since. */
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

  /** Moves a message that was received too often to the dead-letter queue, and drops an expired one. */
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
