import { setTimeout as sleep } from 'node:timers/promises';
import type { Aws } from '../aws/create-aws.ts';
import type { Message } from '../aws/sqs/message.ts';
import type { Template } from '../aws/template.ts';
import { MAKE_RENDITIONS } from './renditions.ts';
import { runIdIn } from './run-notes.ts';

type Watched = Pick<Aws, 'queues' | 'machine'>;

/** Lists the messages that wait for a function or are in progress. Models that wait for their renditions cost nothing. */
export function listUploadMessages({ queues }: Pick<Aws, 'queues'>, { eventSources }: Template): readonly Message[] {
  const sources = eventSources.filter(({ properties }) => properties.FunctionName !== MAKE_RENDITIONS);
  return sources.flatMap(({ properties }) => queues.get(properties.EventSourceArn)?.messages() ?? []);
}

/** Counts the runs that wait or generate. A run can do both, if its message could not be deleted. */
export function countUnfinishedRuns(aws: Watched, template: Template): number {
  const waiting = listUploadMessages(aws, template).map(({ messageId, body }) => runIdIn(body) ?? messageId);
  const running = aws.machine.list().filter(({ status }) => status === 'RUNNING');
  return new Set([...waiting, ...running.map(({ name }) => name)]).size;
}

/** Returns the runs that have a message in any queue. */
export function findWaitingRuns({ queues }: Pick<Aws, 'queues'>): ReadonlySet<string> {
  const messages = [...queues.values()].flatMap((queue) => queue.messages());
  return new Set(messages.flatMap(({ body }) => runIdIn(body) ?? []));
}

/** The maximum wait. The next start repeats what is not settled by then, without any effect. */
const SETTLE_MS = 3_000;
const SETTLE_STEP_MS = 20;

/** Waits until an ended run is completely settled. */
export async function settleRun(runId: string, key: string, aws: Watched): Promise<void> {
  // A burst has many messages, and most of them are about others.
  const names = [runId, JSON.stringify(key)];
  const isAbout = ({ body }: Message) => names.some((name) => body.includes(name)) && runIdIn(body) === runId;
  const isOpen = () =>
    [...aws.queues.values()].some((queue) => queue.messages().some(isAbout)) ||
    aws.machine.list().some(({ name, announced }) => name === runId && !announced);
  for (let waited = 0; waited < SETTLE_MS && isOpen(); waited += SETTLE_STEP_MS) await sleep(SETTLE_STEP_MS);
}
