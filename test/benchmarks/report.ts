import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Row } from './benches.ts';
import { costsPage } from './costs-page.ts';
import { performancePage, plotsOf } from './performance-page.ts';
import { draw } from './plot.ts';
import { wrapped } from './table.ts';

/** The last figures of each bench, from which the documents are written. */
export interface Figures {
  readonly machine: string;
  readonly benches: Readonly<Record<string, { readonly date: string; readonly rows: readonly Row[] }>>;
}

const docs = join(import.meta.dirname, '..', '..', 'docs');
export const FIGURES_FILE = join(docs, 'figures.json');

export async function readFigures(): Promise<Figures> {
  const text = await readFile(FIGURES_FILE, 'utf8').catch(() => '{"machine":"","benches":{}}');
  return JSON.parse(text) as Figures;
}

export async function keepFigures(bench: string, rows: readonly Row[]): Promise<void> {
  const figures = await readFigures();
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node.js ${process.versions.node}`;
  const benches = { ...figures.benches, [bench]: { date, rows: rows.map(rounded) } };
  await writeFile(FIGURES_FILE, `${JSON.stringify({ machine, benches }, null, 1)}\n`);
}

function rounded(row: Row): Row {
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value,
  ]);
  return Object.fromEntries(entries) as Row;
}

/** The documents and plots of the figures, by path from the project. */
export function reportsOf(figures: Figures): Map<string, string> {
  return new Map([
    ['docs/performance.md', `${wrapped(performancePage(figures))}\n`],
    ['docs/costs.md', `${wrapped(costsPage(figures))}\n`],
    ...Object.entries(plotsOf(figures)).map(([name, plot]) => [`docs/images/bench-${name}.svg`, draw(plot)] as const),
  ]);
}

export async function writeReports(): Promise<void> {
  const figures = await readFigures();
  await mkdir(join(docs, 'images'), { recursive: true });
  for (const [path, text] of reportsOf(figures)) await writeFile(join(docs, '..', path), text);
}
