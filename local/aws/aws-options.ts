import type { Clock } from './clock.ts';
import type { DurableFiles } from './durable-files.ts';
import type { EventEnvelope } from './events/envelope.ts';
import type { CreatedObject } from './s3/created-object.ts';
import type { SecretTools } from './secrets/secret-calls.ts';
import type { Message } from './sqs/message.ts';
import type { Queue } from './sqs/queue.ts';
import type { Execution } from './states/execution.ts';
import type { Template } from './template.ts';

/** What an observer is told, and what only a simulation decides. */
export interface AwsHooks {
  /** Awaited when an object is durable, before anybody else hears of it. */
  readonly onObject?: (object: CreatedObject) => Promise<void>;
  /** Awaited before an event goes anywhere; if it throws, the event is not accepted. */
  readonly onEvent?: (bus: string, event: EventEnvelope) => void | Promise<void>;
  readonly onSent?: (queue: Queue, message: Message) => void;
  /** Told of each message before its function gets it. */
  readonly onReceived?: (queue: Queue, message: Message) => void;
  /** Told when a task or a wait begins, and what a task answered. */
  readonly onTask?: (execution: Execution, state: string, output?: unknown) => void;
  /** @see EventBusOptions */
  readonly deliverySeconds?: (event: EventEnvelope) => readonly number[];
  /** @see EventSourceOptions */
  readonly pollDelayMs?: () => number;
  readonly staysVisible?: (nth: number) => boolean;
}

export interface AwsOptions extends SecretTools {
  readonly template: Template;
  readonly clock: Clock;
  /** 0 to below 1. */
  readonly random: () => number;
  /** Makes ids of messages and events. */
  readonly newId: () => string;
  /** Where a queue or the machine keeps what outlives the process: `queues/<name>`, `executions`. */
  readonly files: (name: string) => Promise<DurableFiles>;
  /** Where S3 keeps its objects. @default in memory */
  readonly objectFolder?: string;
  /** Runs a function of the template. */
  readonly invoke: (functionName: string, event: unknown) => Promise<unknown>;
  /** Divides waits and retry intervals; never a time-out. */
  readonly speed: number;
  /** When schedules are due for the first time. @default after their rate, as on AWS */
  readonly firstScheduleMs?: number;
  readonly onTrouble: (execution: Execution, error: unknown) => void;
  readonly hooks: AwsHooks;
}
