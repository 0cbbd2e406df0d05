import { orderIn } from '../../../functions/run/stored-model.ts';
import type { AwsHooks } from '../../../local/aws/aws-options.ts';
import type { EventEnvelope } from '../../../local/aws/events/envelope.ts';
import type { CreatedObject } from '../../../local/aws/s3/created-object.ts';
import type { ObjectStore } from '../../../local/aws/s3/store.ts';
import type { Message } from '../../../local/aws/sqs/message.ts';
import type { Queue } from '../../../local/aws/sqs/queue.ts';
import type { Execution } from '../../../local/aws/states/execution.ts';
import { createInvariants, type Invariants } from './invariants.ts';
import { between, type Random } from './random.ts';
import { bytesIn } from './s3-service.ts';
import type { Story } from './story.ts';
import type { DeliverySeconds, Dropped, Setting } from './world.ts';

export interface WatchTools {
  readonly setting: Setting;
  readonly story: Story;
  readonly random: Random;
  readonly store: () => ObjectStore;
  readonly assetBucket: string;
  /** The uploads queue. All other queues are dead-letter queues. */
  readonly uploadsArn: string;
  readonly uploads: readonly Dropped[];
  readonly secrets: readonly string[];
}

/** Observes everything in the stack, reports it to the story and the invariants, and delays events as planned. */
export class Watch {
  readonly invariants: Invariants;
  readonly hooks: AwsHooks;
  readonly #tools: WatchTools;
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #heardOf = new Set<string>();
  readonly #toBeMade = new Set<string>();
  #deliveries = 0;
  #receives = 0;
  #mostReceives = 0;

  constructor(tools: WatchTools) {
    this.#tools = tools;
    this.invariants = createInvariants({
      bytesOf: ({ bucket, key, versionId = '' }) => this.#bytes.get(`${bucket}/${key}/${versionId}`),
      secrets: tools.secrets,
      hasLedger: tools.setting.environment?.['MAX_CU_PER_DAY'] !== 'Infinity',
    });
    const { receivedTwice } = tools.setting;
    this.hooks = {
      onObject: (object) => this.#onObject(object),
      onEvent: (_bus, event) => this.#onEvent(event),
      onSent: (queue, { body }) => this.#onSent(queue, body),
      onReceived: (queue, message) => this.#onReceived(queue, message),
      deliverySeconds: (event) => this.#deliverySeconds(event),
      pollDelayMs: () => between(1, 100, tools.random),
      ...(receivedTwice && { staysVisible: receivedTwice }),
    };
  }

  /** Returns whether there ever was a message about the run. */
  isHeardOf(runId: string): boolean {
    return this.#heardOf.has(runId);
  }

  /** Returns whether MakeRenditions was told of the model of the run. */
  isToBeMade(runId: string): boolean {
    return this.#toBeMade.has(runId);
  }

  receives(): { readonly all: number; readonly most: number } {
    return { all: this.#receives, most: this.#mostReceives };
  }

  /** Called when the object is durable and before its uploader gets an answer. */
  async #onObject({ bucket, key, versionId = '' }: CreatedObject): Promise<void> {
    if (bucket !== this.#tools.assetBucket) return;
    const bytes = await bytesIn(this.#tools.store(), bucket, key, versionId);
    if (key.endsWith('.json')) this.#check(key, () => this.invariants.onDocument(key, bytes.toString()));
    else this.#bytes.set(`${bucket}/${key}/${versionId}`, bytes);
  }

  #onEvent(event: EventEnvelope): void {
    const { source, 'detail-type': detailType, detail } = event;
    if (source === 'meshdrop') this.#tools.story.note('EventBridge', `accepts ${detailType}`);
    if (source === 'aws.states') this.#tellExecution(detail as Execution);
    this.#check(detailType, () => this.invariants.onEvent(event));
  }

  #tellExecution({ status, error = '', name, executionArn }: Execution): void {
    const what = status === 'RUNNING' ? `starts ${executionArn}` : `${status} ${error}  ${name}`;
    this.#tools.story.note('Generation', what);
  }

  /**
   * Counts an error of the check itself, such as an invalid document, as a broken promise, not as an error of the
   * caller.
   */
  #check(what: string, check: () => void): void {
    try {
      check();
    } catch (error) {
      this.invariants.onTrouble(what, error);
    }
  }

  #onSent(queue: Queue, body: string): void {
    for (const { versionId, runId } of this.#tools.uploads)
      if (!this.#heardOf.has(runId) && body.includes(versionId)) this.#heardOf.add(runId);
    // The message of a reused run also names the earlier run, which can be unheard of.
    if (queue.name === 'Renditions-Queue') this.#toBeMade.add(orderIn(body).stored.metadata.runId);
    if (queue.name.endsWith('DeadLetters')) this.#tools.story.note(queue.name, 'receives a dead letter');
    this.invariants.onText(`a message of ${queue.name}`, body);
  }

  #onReceived(queue: Queue, message: Message): void {
    if (queue.arn === this.#tools.uploadsArn) this.#receives += 1;
    this.#mostReceives = Math.max(this.#mostReceives, message.receiveCount);
    if (queue.isVisible(message)) this.#tools.story.note(queue.name, 'delivers a message and keeps it visible');
  }

  #deliverySeconds(event: EventEnvelope): DeliverySeconds {
    const { setting, random, story } = this.#tools;
    this.#deliveries += 1;
    const seconds = setting.delivery?.(this.#deliveries, event) ?? [between(0.1, 2, random)];
    if (seconds.length !== 1) story.note('EventBridge', `delivers ${seconds.length} times: ${event['detail-type']}`);
    return seconds;
  }
}
