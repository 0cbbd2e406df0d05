import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { parseJson } from '../../functions/platform/json.ts';
import { BadCallError } from './bad-call.ts';
import type { PageCall } from './page.ts';
import type { PageTools } from './page-tools.ts';

const always = { times: 1_000_000 } as const;

/** Moods of the stand-in: what Scenario is like on a bad day. The page shows them as switches. */
const MOODS: Readonly<
  Record<string, { readonly says: string; readonly faults?: readonly object[]; readonly knobs?: object }>
> = {
  slow: { says: 'Jobs take a minute', knobs: { jobSeconds: 60 } },
  busy: { says: 'Only one job at a time', knobs: { concurrencyCeiling: 1 } },
  failing: { says: 'Every job fails and is refunded', faults: [{ on: 'generate', what: 'fails', ...always }] },
  'losing-answers': {
    says: 'Jobs start, but the answers get lost',
    faults: [{ on: 'generate', what: 'lost-cut', ...always }],
  },
  'expired-links': {
    says: 'The next download link is expired',
    faults: [{ on: 'cdn', what: 'expired' }],
  },
  'no-credits': { says: 'The account has no credits', knobs: { creditsLeft: 0 } },
};

/** What the stand-in is like without a mood. The duration of jobs depends on how it was started. */
const CALM = { concurrencyCeiling: 5, creditsLeft: null, faults: [] };

const moodsSchema = z.strictObject({ moods: z.array(z.enum(Object.keys(MOODS))) });
/** The switches that are on, and how long jobs take without them. */
const current: { moods: readonly string[]; jobSeconds?: number } = { moods: [] };

/** Changes the moods of the stand-in: `{ "moods": ["slow"] }`. */
export async function setMoods(
  { request }: PageCall,
  { standIn, scenario }: PageTools,
): Promise<{ readonly moods: readonly string[] }> {
  if (!standIn) throw new BadCallError('the real Scenario has moods of its own', 409);
  const asked = moodsSchema.safeParse(parseJson(await text(request)));
  if (!asked.success) throw new BadCallError(`use { "moods": [...] } with some of: ${Object.keys(MOODS).join(', ')}`);
  const { moods } = asked.data;
  current.jobSeconds ??= await jobSecondsOf(scenario);
  const chosen = moods.map((name) => MOODS[name]);
  const knobs = Object.assign(
    {},
    CALM,
    { jobSeconds: current.jobSeconds },
    ...chosen.map((mood) => mood?.knobs),
  ) as object;
  const faults = chosen.flatMap((mood) => mood?.faults ?? []);
  const answer = await fetch(`${scenario}/_control`, { method: 'POST', body: JSON.stringify({ ...knobs, faults }) });
  if (!answer.ok) throw new BadCallError(await answer.text(), 502);
  current.moods = moods;
  return { moods };
}

async function jobSecondsOf(scenario: string): Promise<number> {
  const options = z.object({ jobSeconds: z.number() });
  return options.parse(await (await fetch(`${scenario}/_control`)).json()).jobSeconds;
}

const ledgerSchema = z.object({
  jobs: z.array(z.object({ jobId: z.string(), cu: z.number(), isRefunded: z.boolean(), status: z.string() })),
  cuCharged: z.number(),
  cuRefunded: z.number(),
  requests: z.record(z.string(), z.number()),
});

/** What happens out of sight: the queues, the state machine, the latest executions and events, and the bill. */
export async function behindTheScenes({ meshdrop, standIn, scenario }: PageTools) {
  const { queues, machine, runs } = meshdrop;
  const executions = machine.list().slice(0, 50);
  return {
    queues: [...queues.values()].map((queue) => {
      const messages = queue.messages();
      const visible = messages.filter((message) => queue.isVisible(message)).length;
      return { name: queue.name, waiting: visible, inHand: messages.length - visible };
    }),
    machine: statesOf(machine.definition),
    executions: executions.map(({ name, status, startDate, stopDate, error }) => ({
      name,
      status,
      startDate,
      stopDate,
      error,
      steps: runs.steps(name),
    })),
    events: meshdrop.recentEvents(),
    ledger: standIn ? ledgerSchema.safeParse(await readLedger(scenario)).data : undefined,
    moods: standIn
      ? Object.entries(MOODS).map(([name, { says }]) => ({ name, says, isOn: current.moods.includes(name) }))
      : [],
  };
}

async function readLedger(scenario: string): Promise<unknown> {
  return await fetch(`${scenario}/_control/ledger`)
    .then((answer) => answer.json())
    .catch(() => undefined);
}

const definitionSchema = z.object({
  StartAt: z.string(),
  States: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Next: z.string().optional(),
      Default: z.string().optional(),
      Choices: z.array(z.object({ Next: z.string() })).default([]),
    }),
  ),
});

/** The states and where each can lead, for a diagram. */
function statesOf(definition: string) {
  const { StartAt, States } = definitionSchema.parse(JSON.parse(definition));
  const states = Object.entries(States).map(([name, { Type, Next, Default, Choices }]) => {
    const next = [Next, Default, ...Choices.map((choice) => choice.Next)].filter((one) => one !== undefined);
    return { name, type: Type, next: [...new Set(next)] };
  });
  return { start: StartAt, states };
}
