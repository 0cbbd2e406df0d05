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
    const isDone = ({ runId }: ImageRun) => isFinished(runs.get(runId));
    const done = imageRuns.filter(isDone).length;
    // If not all fit, those that are done make room.
    const room = Math.max(1, (stream.rows ?? 24) - 2);
    const shown = [...imageRuns].sort((a, b) => Number(isDone(a)) - Number(isDone(b))).slice(0, room);
    const fits = imageRuns.length <= room ? imageRuns : shown;
    const lines = fits.map(
      (run) =>
        `${liveSign(runs.get(run.runId), spinner)} ${printable(run.image.typed).padEnd(width)}  ${printable(told(run, runs))}`,
    );
    update([...lines, ...(imageRuns.length > 1 ? [`${done} of ${imageRuns.length} done`] : [])].join('\n'));
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
  if (view?.stage === 'stored') return view.isFinishing === true ? spinner : '✔';
  return view?.stage === 'failed' || view?.stage === 'rejected' ? '✖' : spinner;
}

/** Whether nothing more comes of a run: it has failed, or its model is stored and its renditions are made. */
export function isFinished(view: RunView | undefined): boolean {
  if (view?.stage === 'stored') return view.isFinishing !== true;
  return view?.stage === 'failed' || view?.stage === 'rejected';
}

function told({ runId, startedAt }: ImageRun, runs: Runs): string {
  const view = runs.get(runId);
  const stage = stageOf(view);
  return view?.stage === 'stored' || view?.reason ? stage : `${stage}  ${clock(Date.now() - startedAt)}`;
}

function stageOf(view: RunView | undefined): string {
  if (view?.stage === 'generating') return `generating ${Math.round(view.progress * 100)} %`;
  if (view?.stage === 'stored') return view.isFinishing === true ? 'stored, finishing' : 'done';
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
      const done = imageRuns.filter((one) => isFinished(runs.get(one.runId))).length;
      const count = imageRuns.length > 1 && isFinished(runs.get(runId)) ? ` (${done} of ${imageRuns.length})` : '';
      stream.write(`${printable(image.typed)}: ${printable(stage)}${count}\n`);
    }
  };
  const stop = runs.onChange(print);
  print();
  return { stop };
}

/** Removes control characters: a key can contain some that move the cursor. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}

/** Prints a line for each run that begins, waits, or ends, while Meshdrop serves without images from the command line. */
export function tellRuns(runs: Runs, folderOf: (view: RunView) => string, stream: NodeJS.WriteStream): void {
  const told = new Map<string, string>();
  const newsOf = (view: RunView) => {
    if (!runs.isUnderWay(view.runId)) return stageOf(view) + (view.stage === 'stored' ? `, in ${folderOf(view)}` : '');
    return view.waitingFor === undefined ? 'received' : `waiting: ${view.waitingFor.replaceAll(NUMBERS, '…')}`;
  };
  const ended = new Set<string>();
  for (const view of runs.all()) {
    if (runs.isUnderWay(view.runId)) told.set(view.runId, newsOf(view));
    else ended.add(view.runId);
  }
  runs.onChange((view) => {
    if (ended.has(view.runId) && !runs.isUnderWay(view.runId)) return;
    ended.delete(view.runId);
    const news = newsOf(view);
    const last = told.get(view.runId);
    // A wait that is over needs no line: what follows it has one.
    if (last === news || (last !== undefined && news === 'received')) return;
    told.set(view.runId, news);
    const notWritten = view.notExported === undefined ? '' : `; not written: ${view.notExported}`;
    stream.write(`${printable(`${view.key}: ${news}${notWritten}`)}\n`);
  });
}

/** Times and counts in the reason of a wait change with each attempt. */
const NUMBERS = /\d[\d:.TZ-]*/g;

const TELL_AFTER_MS = 2_000;

/** Says every few seconds that something is under way. */
export async function whileTelling<T>(what: string, work: Promise<T>): Promise<T> {
  const begun = Date.now();
  const timer = setInterval(() => {
    process.stderr.write(`meshdrop: ${what}, ${Math.round((Date.now() - begun) / 1000)} s\n`);
  }, TELL_AFTER_MS);
  return await work.finally(() => clearInterval(timer));
}

/** What the final table says of one image. */
export interface ResultRow extends Pick<ImageResult, 'image' | 'seconds' | 'cu'> {
  /** The paths of the model and its preview, or the reason for their absence. */
  readonly where: readonly string[];
}

/**
 * Returns the final table: image, seconds, compute units, and below them the paths or the reason.
 *
 * @param columns the width of the terminal, in characters
 */
export function resultTable(rows: readonly ResultRow[], columns: number): string {
  const width = Math.max(20, columns);
  const figures = (seconds: string, cu: string) => `${seconds.padStart(9)} ${cu.padStart(7)}`;
  const names = Math.min(Math.max(...rows.map(({ image }) => image.length), 5), width - 18);
  const head = `${'image'.padEnd(names)} ${figures('seconds', 'CU')}`;
  const lines = rows.flatMap(({ image, seconds, cu, where }) => [
    `${shorten(printable(image), names).padEnd(names)} ${figures(seconds.toFixed(1), cu === null ? '–' : String(cu))}`,
    ...where.flatMap((text) => wrap(printable(text), width - 2).map((line) => `  ${line}`)),
  ]);
  return [head, '─'.repeat(head.length), ...lines].join('\n');
}

/** Keeps the end of a path, which tells more than its beginning. */
function shorten(text: string, width: number): string {
  return text.length <= width ? text : `…${text.slice(text.length - width + 1)}`;
}

/** Breaks at spaces. A path is never broken, so that it can be copied. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length > width && line !== '') lines.push(line);
    line = longer.length > width && line !== '' ? word : longer;
  }
  return [...lines, line];
}
