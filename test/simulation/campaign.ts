import { fork } from 'node:child_process';
import { join } from 'node:path';
import { burst, shortcomings } from './campaign/burst.ts';
import { type CampaignCommand, help, type Part, readCampaign } from './campaign/campaign-command.ts';
import { UsageError } from '../../operator/usage-error.ts';
import type { Figures, Report, Share } from './campaign/campaign-worker.ts';
import { chaosDay } from './local-run/chaos.ts';
import { killCampaign } from './local-run/kills.ts';
import { createRandom } from './world/random.ts';
import { openStack } from './world/stack.ts';

/** Plays the parts in order, each on all workers. Exits with 1 at the first broken promise. */
async function campaign(command: CampaignCommand): Promise<number> {
  const begun = performance.now();
  // Synthesize once, before the workers look for the assembly.
  await openStack();
  const sums = new Sums(begun);
  for (const part of command.parts) {
    const story = await storyOf(part, command, sums);
    if (story === undefined) continue;
    process.stdout.write(`violation (seed ${command.seed}, part ${part}): ${story}\n`);
    return 1;
  }
  // A burst without other parts has already printed its figures.
  if (sums.histories() > 0) process.stdout.write(`seed ${command.seed}\n${sums.told()}\n`);
  return 0;
}

async function storyOf(part: Part, command: CampaignCommand, sums: Sums): Promise<string | undefined> {
  if (part === 'burst') return await playBursts(command);
  if (part === 'chaos') return await playChaos(command);
  return part === 'kills' ? await playKills(command) : await playPart(part, command, sums);
}

async function playKills({ kills, seed }: CampaignCommand): Promise<string | undefined> {
  const { violations, ...figures } = await killCampaign({
    kills,
    random: createRandom(seed),
    onProgress: (line) => process.stderr.write(`  ${line}\n`),
  });
  tell('kills', figures);
  return violations[0];
}

async function playChaos({ hours, seed }: CampaignCommand): Promise<string | undefined> {
  const { violations, ...figures } = await chaosDay({
    hours,
    random: createRandom(seed),
    onProgress: (line) => process.stderr.write(`  ${line}\n`),
  });
  tell('chaos', figures);
  return violations.length > 0 ? violations.join('\n') : undefined;
}

function tell(part: Part, figures: Readonly<Record<string, string | number | undefined>>): void {
  const lines = Object.entries(figures).map(
    ([name, value]) => `  ${name.padEnd(26)} ${typeof value === 'number' ? +value.toFixed(3) : (value ?? 'none')}`,
  );
  process.stdout.write(`${part}\n${lines.join('\n')}\n`);
}

/** The last one is short of requests, because other users of the project take them. */
const BURSTS = [
  { ceiling: 5, requestsPerMinute: 100, atMost: 1_000_000 },
  { ceiling: 20, requestsPerMinute: 100, atMost: 1_000_000 },
  { ceiling: 60, requestsPerMinute: 100, atMost: 1_000_000 },
  { ceiling: 20, requestsPerMinute: 20, atMost: 100 },
] as const;

async function playBursts({ uploads, seed }: CampaignCommand): Promise<string | undefined> {
  for (const { atMost, ...limits } of BURSTS) {
    const begun = performance.now();
    const figures = await burst({ uploads: Math.min(uploads, atMost), seed, ...limits });
    const seconds = (performance.now() - begun) / 1000;
    const told = Object.entries(figures).filter(([, figure]) => typeof figure !== 'object');
    tell('burst', { ...Object.fromEntries(told), seconds });
    const [first] = shortcomings(figures);
    if (first !== undefined) return first;
  }
  return undefined;
}

/** @returns the story of the first broken promise, if there is one */
async function playPart(part: Part, command: CampaignCommand, sums: Sums): Promise<string | undefined> {
  const { promise: broken, resolve: breaks } = Promise.withResolvers<string>();
  const children = Array.from({ length: command.workers }, (_, worker) => {
    const share: Share = { part, worker, command };
    return fork(join(import.meta.dirname, 'campaign', 'campaign-worker.ts'), [JSON.stringify(share)]);
  });
  const ends = children.map(
    (child) =>
      new Promise<void>((resolve, reject) => {
        child.on('message', (report: Report) => {
          if (report.kind === 'violation') breaks(report.story);
          else if (report.kind === 'figures') sums.add(report.figures);
          else resolve();
        });
        child.once('exit', (code) => reject(new Error(`a worker of the part ${part} exited with ${code}`)));
      }),
  );
  const story = await Promise.race([broken, Promise.all(ends).then(() => undefined)]);
  for (const child of children) child.kill();
  // The end of a killed worker is not a failure.
  await Promise.allSettled(ends);
  sums.progress(true);
  return story;
}

const PROGRESS_MS = 2_000;

/** The sums of all reports. */
class Sums {
  readonly #begun: number;
  readonly #parts = new Map<Part, number>();
  readonly #faults = new Map<string, number>();
  #calls = 0;
  #payments = 0;
  #virtualHours = 0;
  #last = 0;

  constructor(begun: number) {
    this.#begun = begun;
  }

  add({ part, histories, calls, payments, virtualHours, faults }: Figures): void {
    this.#parts.set(part, (this.#parts.get(part) ?? 0) + histories);
    for (const fault of faults) this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
    this.#calls += calls;
    this.#payments += payments;
    this.#virtualHours += virtualHours;
    this.progress(false);
  }

  progress(isLast: boolean): void {
    const now = performance.now();
    if (!isLast && now - this.#last < PROGRESS_MS) return;
    this.#last = now;
    const parts = [...this.#parts].map(([part, count]) => `${part} ${count}`).join(', ');
    process.stderr.write(`${this.#seconds().toFixed(0).padStart(5)} s  ${parts}\n`);
  }

  histories(): number {
    return [...this.#parts.values()].reduce((sum, count) => sum + count, 0);
  }

  told(): string {
    const histories = this.histories();
    const lines = [
      ['histories', histories],
      ...[...this.#parts].map(([part, count]) => [`  ${part}`, count] as const),
      ['calls', this.#calls],
      ['kinds of faults used', this.#faults.size],
      ['faults used', [...this.#faults.values()].reduce((sum, count) => sum + count, 0)],
      ['payments', this.#payments],
      ['virtual hours', Math.round(this.#virtualHours)],
      ['seconds', Math.round(this.#seconds())],
      ['histories per minute', Math.round((histories * 60) / this.#seconds())],
    ] as const;
    return lines.map(([name, value]) => `${name.padEnd(22)} ${value.toLocaleString('en')}`).join('\n');
  }

  #seconds(): number {
    return (performance.now() - this.#begun) / 1000;
  }
}

try {
  const command = readCampaign(process.argv.slice(2));
  if (command === 'help') process.stdout.write(help);
  else process.exitCode = await campaign(command);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
process.exit();
