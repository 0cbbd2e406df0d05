import { createLogUpdate } from 'log-update';
import type { ImageResult, ImageRun } from './image-runs.ts';
import type { Runs, RunView } from '../runs/runs.ts';

/** A display of the progress of runs. */
export interface Progress {
  stop(): void;
}

const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const FRAME_MS = 120;

/** Shows one live line per image on a terminal. Elsewhere, prints a line whenever something changes. */
export function showProgress(imageRuns: readonly ImageRun[], runs: Runs, stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? liveLines(imageRuns, runs, stream) : plainLines(imageRuns, runs, stream);
}

function liveLines(imageRuns: readonly ImageRun[], runs: Runs, stream: NodeJS.WriteStream): Progress {
  const update = createLogUpdate(stream);
  const width = Math.max(...imageRuns.map(({ image }) => image.typed.length));
  let frame = 0;
  const draw = () => {
    frame += 1;
    const spinner = FRAMES[frame % FRAMES.length] ?? '';
    update(
      imageRuns
        .map((run) => `${liveSign(runs.get(run.runId), spinner)} ${run.image.typed.padEnd(width)}  ${told(run, runs)}`)
        .join('\n'),
    );
  };
  const timer = setInterval(draw, FRAME_MS);
  return {
    stop: () => {
      clearInterval(timer);
      draw();
      update.done();
    },
  };
}

function liveSign(view: RunView | undefined, spinner: string): string {
  if (view?.stage === 'stored') return '✔';
  return view?.stage === 'failed' || view?.stage === 'rejected' ? '✖' : spinner;
}

function told({ runId, startedAt }: ImageRun, runs: Runs): string {
  const view = runs.get(runId);
  const stage = stageOf(view);
  return view?.stage === 'stored' || view?.reason ? stage : `${stage}  ${clock(Date.now() - startedAt)}`;
}

function stageOf(view: RunView | undefined): string {
  if (view?.stage === 'generating') return `generating ${Math.round(view.progress * 100)} %`;
  if (view?.stage === 'stored') return 'done';
  if (view?.reason) return `${view.stage}: ${view.reason}${view.hint ? ` (${view.hint})` : ''}`;
  if (view?.waitingFor) return `${view.stage}, waiting: ${view.waitingFor}`;
  return view?.stage ?? 'queued';
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function plainLines(imageRuns: readonly ImageRun[], runs: Runs, stream: NodeJS.WriteStream): Progress {
  const last = new Map<string, string>();
  const print = () => {
    for (const { image, runId } of imageRuns) {
      const stage = stageOf(runs.get(runId));
      if (last.get(runId) === stage) continue;
      last.set(runId, stage);
      stream.write(`${image.typed}: ${stage}\n`);
    }
  };
  runs.onChange(print);
  print();
  return { stop: () => runs.onChange(() => undefined) };
}

/** Removes control characters: a key can contain some that move the cursor. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}

/** Prints a line for each run that ends, while Meshdrop serves without images from the command line. */
export function tellEnds(runs: Runs, folderOf: (view: RunView) => string, stream: NodeJS.WriteStream): void {
  const told = new Set<string>();
  const print = (how: (view: RunView) => void) => {
    for (const view of runs.all()) {
      const news = `${view.stage} ${view.runId}`;
      if (told.has(news) || runs.isUnderWay(view.runId)) continue;
      told.add(news);
      how(view);
    }
  };
  print(() => undefined);
  runs.onChange(() =>
    print((view) => {
      const where = view.stage === 'stored' ? `, in ${folderOf(view)}` : '';
      stream.write(`${printable(view.key)}: ${stageOf(view)}${where}\n`);
    }),
  );
}

/** Returns the final table: image, path of the model or reason for its absence, seconds, compute units. */
export function resultTable(results: readonly (ImageResult & { readonly where: string })[]): string {
  const rows = results.map(({ image, where, seconds, cu }) => [
    image,
    where,
    seconds.toFixed(1),
    cu === null ? '–' : String(cu),
  ]);
  const table = [['image', 'result', 'seconds', 'CU'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column > 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('   ')
      .trimEnd(),
  );
  return [lines[0], '─'.repeat(widths.reduce((sum, width) => sum + width, 9)), ...lines.slice(1)].join('\n');
}
