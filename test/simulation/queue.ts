import type { Clock } from './clock.ts';

export interface Message {
  readonly messageId: string;
  readonly body: string;
  readonly sentAt: number;
  readonly receiveCount: number;
  /** Milliseconds since 1970. */
  readonly hiddenUntil: number;
}

export interface QueueProps {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly visibilitySeconds: number;
  readonly redrive?: { readonly queue: Queue; readonly maxReceiveCount: number } | undefined;
  readonly clock: Clock;
  /** Told every body that is sent. */
  readonly onSent: (body: string) => void;
}

/** A standard queue with the semantics of SQS, on virtual time. */
export interface Queue {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly createdAt: number;
  send(body: string): void;
  /** @param stays visible all the same: what SQS calls "at least once" */
  receive(options?: {
    readonly hiddenSeconds?: number | undefined;
    readonly stays?: boolean;
  }): Message | undefined;
  /** Nothing happens unless the handle is that of the last receive. */
  delete(receiptHandle: string): void;
  /** False when the message is gone or was received again since. */
  hide(receiptHandle: string, seconds: number): boolean;
  messages(): readonly Message[];
  isVisible(message: Message): boolean;
  /** Called whenever a message may have become visible. */
  onVisible(listener: () => void): void;
  /** Of all messages that ever were, how often the one that was received most. */
  mostReceives(): number;
  receives(): number;
}

export function receiptHandleOf({ messageId, receiveCount }: Message): string {
  return `${messageId}#${receiveCount}`;
}

export function createQueue({
  name,
  arn,
  url,
  visibilitySeconds,
  redrive,
  clock,
  onSent,
}: QueueProps): Queue {
  const messages = new Map<string, Message>();
  let sent = 0;
  let receives = 0;
  let most = 0;
  let listener: () => void = () => undefined;

  const isVisible = ({ hiddenUntil }: Message) => hiddenUntil <= clock.now();

  function hidden(message: Message, seconds: number): Message {
    const changed = { ...message, hiddenUntil: clock.now() + seconds * 1000 };
    messages.set(message.messageId, changed);
    clock.after(seconds * 1000, () => listener());
    return changed;
  }

  function receive({ hiddenSeconds = visibilitySeconds, stays = false } = {}): Message | undefined {
    for (const message of messages.values()) {
      if (!isVisible(message)) continue;
      if (redrive && message.receiveCount >= redrive.maxReceiveCount) {
        messages.delete(message.messageId);
        redrive.queue.send(message.body);
        continue;
      }
      receives += 1;
      most = Math.max(most, message.receiveCount + 1);
      return hidden({ ...message, receiveCount: message.receiveCount + 1 }, stays ? 0 : hiddenSeconds);
    }
    return undefined;
  }

  function lastReceived(receiptHandle: string): Message | undefined {
    const message = messages.get(receiptHandle.split('#')[0] ?? '');
    return message && receiptHandleOf(message) === receiptHandle ? message : undefined;
  }

  return {
    name,
    arn,
    url,
    createdAt: clock.now(),
    receive,
    isVisible,
    send: (body) => {
      sent += 1;
      const messageId = `${name}-${sent}`;
      messages.set(messageId, { messageId, body, sentAt: clock.now(), receiveCount: 0, hiddenUntil: 0 });
      onSent(body);
      listener();
    },
    delete: (receiptHandle) => {
      const message = lastReceived(receiptHandle);
      if (message) messages.delete(message.messageId);
    },
    hide: (receiptHandle, seconds) => {
      const message = lastReceived(receiptHandle);
      if (message) hidden(message, seconds);
      return message !== undefined;
    },
    messages: () => [...messages.values()],
    onVisible: (heard) => {
      listener = heard;
    },
    mostReceives: () => most,
    receives: () => receives,
  };
}
