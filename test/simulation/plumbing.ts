import type { Template } from '../../local/aws/template.ts';
import type { BusRule } from './bus.ts';
import type { Clock } from './clock.ts';
import { createQueue, type Queue } from './queue.ts';
import type { World } from './world.ts';

/** The template's queues by their ARN. Dead-letter queues come first, so that the others can point to them. */
export function createQueues(
  { queues }: Template,
  clock: Clock,
  onSent: (queue: Queue, body: string) => void,
): ReadonlyMap<string, Queue> {
  const created = new Map<string, Queue>();
  const hasLetterBox = ({ properties }: Template['queues'][number]) => properties.RedrivePolicy !== undefined;
  const sorted = [...queues].sort((a, b) => Number(hasLetterBox(a)) - Number(hasLetterBox(b)));
  for (const { name, ref, attributes, properties } of sorted) {
    const { RedrivePolicy, VisibilityTimeout: visibilitySeconds } = properties;
    const letterBox = created.get(RedrivePolicy?.deadLetterTargetArn ?? '');
    const redrive = RedrivePolicy &&
      letterBox && { queue: letterBox, maxReceiveCount: RedrivePolicy.maxReceiveCount };
    const arn = attributes['Arn'] ?? '';
    const told = (body: string) => {
      const queue = created.get(arn);
      if (queue) onSent(queue, body);
    };
    created.set(arn, createQueue({ name, arn, url: ref, visibilitySeconds, redrive, clock, onSent: told }));
  }
  return created;
}

type Reached = Pick<World, 'queues' | 'lambda'>;

/** The template's rules for events. */
export function rulesOf(template: Template, world: Reached): readonly BusRule[] {
  return template.rules.flatMap(({ properties: { EventBusName: bus, EventPattern: pattern, Targets } }) =>
    pattern === undefined
      ? []
      : [{ bus, pattern, deliver: Targets.map(({ Arn }) => deliveryTo(Arn, template, world)) }],
  );
}

/** And those that only the clock decides. */
export function startSchedules(template: Template, world: Reached & Pick<World, 'clock'>): void {
  for (const { properties } of template.rules) {
    const everyMs = properties.ScheduleExpression;
    if (everyMs === undefined) continue;
    const targets = properties.Targets.map(({ Arn }) => deliveryTo(Arn, template, world));
    const turn = () => {
      for (const deliver of targets) deliver('{}');
      next();
    };
    const next = () => world.clock.after(everyMs, turn, { isBackground: true });
    next();
  }
}

/** To a queue, or to a function, whose failures go to its own dead-letter queue in the end. */
function deliveryTo(arn: string, { functions }: Template, world: Reached): (body: string) => void {
  const queue = world.queues.get(arn);
  if (queue) return (body) => queue.send(body);
  const target = functions.find(({ attributes }) => attributes['Arn'] === arn);
  if (!target) throw new Error(`the rule's target ${arn} is not in the template`);
  const letterBox = world.queues.get(target.properties.DeadLetterConfig?.TargetArn ?? '');
  return (body) =>
    world.lambda.invokeLater(target.name, JSON.parse(body), (letter) => letterBox?.send(letter));
}
