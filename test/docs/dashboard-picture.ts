import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { assembly } from '../../local/aws/assembly.ts';
import { resolveIntrinsics } from '../../local/aws/intrinsics.ts';
import { namesOf, templateSchema } from '../../local/aws/resource-names.ts';
import { draw, type Series } from '../benchmarks/plot.ts';
import { anotherPicture, files } from '../simulation/world/images.ts';
import type { Sample } from '../simulation/world/metrics.ts';
import { openWorld } from '../simulation/world/open-world.ts';

/**
 * Draws docs/images/dashboard.svg: the dashboard of the template, with the metrics of a simulated day. Run it after you
 * change infra/dashboard.ts:
 *
 *   node test/docs/dashboard-picture.ts
 */
const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
/** How many images arrive, by the hour. */
const ARRIVALS: Readonly<Record<number, number>> = { 1: 9, 6: 12, 11: 8, 15: 6 };
const MAX_STEPS = 3_000_000;

const widgetShape = z.object({
  properties: z.object({
    title: z.string(),
    metrics: z.array(z.array(z.unknown())),
    annotations: z.object({ horizontal: z.array(z.object({ value: z.number(), label: z.string() })) }).optional(),
  }),
});
const optionsShape = z.object({
  label: z.string().optional(),
  stat: z.string().optional(),
  id: z.string().optional(),
  expression: z.string().optional(),
  period: z.number().default(300),
});

/** One line of a graph, as the dashboard asks for it. */
interface Line {
  readonly label: string;
  readonly stat: string;
  readonly periodMs: number;
  /** The dimension of each metric that is added up. */
  readonly sources: readonly { readonly metric: string; readonly of: string }[];
}

const samples = await aDay();
const start = Math.min(...samples.map(({ at }) => at));
const pictures = (await widgets()).map(({ properties: { title, metrics, annotations } }) => {
  const lines = linesOf(metrics);
  const series = lines.map((line) => ({ name: line.label, points: pointsOf(line) }));
  const limits = (annotations?.horizontal ?? []).map(({ value, label }) => ({
    name: label,
    points: [
      [0, value],
      [24, value],
    ] as const,
  }));
  const all: readonly Series[] = [...series, ...limits].filter(({ points }) => points.length > 0);
  const highest = Math.max(0, ...all.flatMap(({ points }) => points.map(([, y]) => y)));
  return draw({ title, x: 'hours', y: '', series: all, ...(highest === 0 && { highestY: 1 }) });
});
await writeFile(join(import.meta.dirname, '..', '..', 'docs', 'images', 'dashboard.svg'), grid(pictures));

/** Images arrive in groups, some are no pictures, and for an hour the account has no credits. */
async function aDay(): Promise<readonly Sample[]> {
  const standIn = { concurrencyCeiling: 2, jobSeconds: 150, jobSecondsP95: 420 };
  const world = await openWorld({ seed: 20_261_128, standIn });
  const began = world.clock.now();
  const waiting: Sample[] = [];
  let [hour, tick, dropped] = [-1, -1, 0];
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const hours = (world.clock.now() - began) / HOUR_MS;
    if (hours > DAY_HOURS) break;
    if (Math.floor(hours) > hour) {
      hour = Math.floor(hours);
      for (let n = 0; n < (ARRIVALS[hour] ?? 0); n += 1, dropped += 1) {
        const bytes = dropped % 9 === 5 ? Buffer.from(`no picture ${dropped}`) : anotherPicture(files.png, dropped);
        await world.drop({ key: `${dropped}.png`, bytes });
        const event = { namespace: 'AWS/Events', metric: 'MatchedEvents', of: 'Uploads-UploadCreated' };
        waiting.push({ ...event, at: world.clock.now(), value: 1 });
      }
      world.standIn.setOptions({ creditsLeft: hour === 11 ? 0 : null });
    }
    if (Math.floor(hours * 12) > tick) {
      tick = Math.floor(hours * 12);
      const value = world.uploadsQueue.messages().length;
      const queue = { namespace: 'AWS/SQS', of: world.uploadsQueue.name, at: world.clock.now() };
      waiting.push({ ...queue, metric: 'ApproximateNumberOfMessagesVisible', value: Math.max(0, value - 2) });
      waiting.push({ ...queue, metric: 'ApproximateNumberOfMessagesNotVisible', value: Math.min(2, value) });
    }
    if (!(await world.step())) break;
  }
  await world.close();
  return [...world.metrics.samples, ...waiting];
}

async function widgets() {
  const text = await readFile(join(await assembly(), 'Meshdrop.template.json'), 'utf8');
  const { Resources, Outputs } = templateSchema.parse(JSON.parse(text));
  const named = Object.entries(Resources).flatMap(([id, resource]) => {
    const names = namesOf(id, resource, Outputs);
    return names ? [[id, names] as const] : [];
  });
  const dashboard = Object.values(Resources).find(({ Type }) => Type === 'AWS::CloudWatch::Dashboard');
  const body = resolveIntrinsics(dashboard?.Properties['DashboardBody'], new Map(named));
  return z.object({ widgets: z.array(widgetShape) }).parse(JSON.parse(String(body))).widgets;
}

function linesOf(metrics: readonly (readonly unknown[])[]): readonly Line[] {
  const all = metrics.map((words) => ({ words, options: optionsShape.parse(words.at(-1)) }));
  const sourceOf = (words: readonly unknown[]) => ({ metric: String(words[1]), of: String(words[3]) });
  const hidden = new Map(
    all.flatMap(({ words, options }) => (options.id === undefined ? [] : [[options.id, sourceOf(words)]])),
  );
  return all.flatMap(({ words, options: { label, stat = 'Sum', id, expression, period } }) => {
    if (id !== undefined) return [];
    const ids = [...(expression ?? '').matchAll(/FILL\((\w+),/g)].map(([, one = '']) => one);
    const sources = expression === undefined ? [sourceOf(words)] : ids.flatMap((one) => hidden.get(one) ?? []);
    return [{ label: label ?? sources[0]?.metric ?? '', stat, periodMs: period * 1000, sources }];
  });
}

function pointsOf({ stat, periodMs, sources }: Line): readonly (readonly [number, number])[] {
  const own = samples.filter(({ metric, of }) => sources.some((one) => one.metric === metric && one.of === of));
  const periods = Map.groupBy(own, ({ at }) => Math.floor((at - start) / periodMs));
  const all = Array.from({ length: Math.ceil((DAY_HOURS * HOUR_MS) / periodMs) }, (_, n) => n);
  return all.flatMap((n) => {
    const values = (periods.get(n) ?? []).map(({ value }) => value);
    // CloudWatch draws no point without data, but the sums of the dashboard are filled with zeros.
    return values.length === 0 && stat.startsWith('p')
      ? []
      : [[(n * periodMs) / HOUR_MS, valueOf(stat, values)] as const];
  });
}

function valueOf(stat: string, values: readonly number[]): number {
  if (stat === 'Sum') return values.reduce((sum, value) => sum + value, 0);
  if (stat === 'Maximum') return Math.max(0, ...values);
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((Number(stat.slice(1)) / 100) * sorted.length))] ?? 0;
}

/** Two pictures in each row. */
function grid(all: readonly string[]): string {
  const [width, height] = [760, 420];
  const rows = Math.ceil(all.length / 2);
  const placed = all.map((svg, n) =>
    svg.replace('<svg ', `<svg x="${(n % 2) * width}" y="${Math.floor(n / 2) * height}" `),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * width} ${rows * height}" role="img" aria-label="The dashboard in CloudWatch">\n${placed.join('')}</svg>\n`;
}
