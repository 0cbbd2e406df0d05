import { setTimeout as sleep } from 'node:timers/promises';
import type { Aws } from '../aws/create-aws.ts';
import type { Message } from '../aws/sqs/message.ts';
import type { Template } from '../aws/template.ts';
import { runIdIn } from './run-notes.ts';

type Watched = Pick<Aws, 'queues' | 'machine'>;

/** The messages that wait for a function, or that one works on. */
export function listUploadMessages({ queues }: Pick<Aws, 'queues'>, { eventSources }: Template): readonly Message[] {
  return eventSources.flatMap(({ properties }) => queues.get(properties.EventSourceArn)?.messages() ?? []);
}

/** How many runs wait or generate. One may do both, if its message could not be deleted any more. */
export function countUnfinishedRuns(aws: Watched, template: Template): number {
  const waiting = listUploadMessages(aws, template).map(({ messageId, body }) => runIdIn(body) ?? messageId);
  const running = aws.machine.list().filter(({ status }) => status === 'RUNNING');
  return new Set([...waiting, ...running.map(({ name }) => name)]).size;
}

/** The runs that a message of any queue is about. */
export function findWaitingRuns({ queues }: Pick<Aws, 'queues'>): ReadonlySet<string> {
  const messages = [...queues.values()].flatMap((queue) => queue.messages());
  return new Set(messages.flatMap(({ body }) => runIdIn(body) ?? []));
}

/** What is not settled by then is done again at the next start, and changes nothing. */
const SETTLE_MS = 3_000;
const SETTLE_STEP_MS = 20;

/** Waits until nothing is left to do for an ended run. */
export async function settleRun(runId: string, aws: Watched): Promise<void> {
  const isOpen = () =>
    findWaitingRuns(aws).has(runId) || aws.machine.list().some(({ name, announced }) => name === runId && !announced);
  for (let waited = 0; waited < SETTLE_MS && isOpen(); waited += SETTLE_STEP_MS) await sleep(SETTLE_STEP_MS);
}
