import type { Clock } from './clock.ts';
import type { DurableFiles } from '../files/durable-files.ts';
import type { EventEnvelope } from './events/envelope.ts';
import type { CreatedObject } from './s3/created-object.ts';
import type { SecretTools } from './secrets/secret-calls.ts';
import type { OnAccess } from './iam/gatekeeper.ts';
import type { Message } from './sqs/message.ts';
import type { Queue } from './sqs/queue.ts';
import type { Execution } from './states/execution.ts';
import type { Template } from './template.ts';

/** Hooks for an observer of the stack, and the choices that only a simulation makes. */
export interface AwsHooks {
  /** Awaited once an object is durable, before its event is sent. */
  readonly onObject?: (object: CreatedObject) => Promise<void>;
  /** Awaited before an event is delivered. If it throws, the event is not accepted. */
  readonly onEvent?: (bus: string, event: EventEnvelope) => void | Promise<void>;
  readonly onAccess?: OnAccess;
  readonly onSent?: (queue: Queue, message: Message) => void;
  /** Called with each message before its function receives it. */
  readonly onReceived?: (queue: Queue, message: Message) => void;
  /** Called when a task or a wait begins, and again with the output when a task succeeds. */
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
  /** Returns a number from 0 up to, but not including, 1. */
  readonly random: () => number;
  /** Creates the IDs of messages and events. */
  readonly newId: () => string;
  /** Opens the durable files of a queue or of the state machine: `queues/<name>` or `executions`. */
  readonly files: (name: string) => Promise<DurableFiles>;
  /** The folder in which S3 keeps its objects. @default in memory */
  readonly objectFolder?: string;
  /** Invokes a Lambda function of the template. */
  readonly invoke: (functionName: string, event: unknown) => Promise<unknown>;
  /** Divides waits and retry intervals, but not timeouts. */
  readonly speed: number;
  /** The delay before schedules run for the first time. @default the rate of the schedule, as on AWS */
  readonly firstScheduleMs?: number;
  readonly onTrouble: (execution: Execution, error: unknown) => void;
  readonly hooks: AwsHooks;
}
