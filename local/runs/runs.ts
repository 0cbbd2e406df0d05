import type { RunRecord } from '../../functions/run/record.ts';

/** A file in the asset bucket. */
interface FileView {
  readonly role: string;
  readonly key: string;
  readonly bytes: number;
  readonly contentType: string;
}

/** The files that were made of a model, and whether they fit the channels. */
export interface RenditionsView {
  /** The key of `renditions.json`. */
  readonly key: string;
  readonly files: readonly FileView[];
  /** By channel: `pass` or `fail`. */
  readonly certificates: Readonly<Record<string, string>>;
}

/** A state that an execution was in. */
interface Step {
  readonly state: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What the record of a run says. */
export interface RecordView {
  readonly parameters?: RunRecord['parameters'];
  /** The quote, in compute units. */
  readonly quote?: number | undefined;
  /** What was charged, in compute units. Undefined until it is known. */
  readonly cu?: number | undefined;
  /** Milliseconds since 1970. */
  readonly endedAt?: number | undefined;
  readonly reusedFrom?: string | undefined;
  /** The failure code. */
  readonly code?: string | undefined;
  readonly model?: FileView | undefined;
  readonly preview?: FileView | undefined;
  /** Whether the run has a job, which is paid. */
  readonly isPaid?: boolean;
}

/** A summary of a run. */
export interface RunView extends RecordView {
  readonly runId: string;
  readonly key: string;
  readonly stage: 'queued' | 'submitting' | 'generating' | 'storing' | 'stored' | 'failed' | 'rejected';
  /** From 0 to 1, while generating. */
  readonly progress: number;
  /** Milliseconds since 1970. The time of the upload, if this process has seen it. */
  readonly since: number;
  readonly reason?: string | undefined;
  /** What you can do about the failure. */
  readonly hint?: string | undefined;
  /** Why the upload is held. Undefined as soon as it continues. */
  readonly waitingFor?: string | undefined;
  /** Whether the renditions of a stored model are still being made. */
  readonly isFinishing?: boolean;
  readonly renditions?: RenditionsView | undefined;
  /** Why its files could not be written to the folder for models. They are in the asset bucket. */
  readonly notExported?: string | undefined;
}

export interface Runs {
  get(runId: string): RunView | undefined;
  /** Returns whether this process, or an earlier one, has started the run and it has not ended. */
  isUnderWay(runId: string): boolean;
  /** Newest first. */
  all(): readonly RunView[];
  /** Updates a run. A run that has ended doesn't change. */
  note(runId: string, news: Partial<RunView>): void;
  /** Continues a run that had ended. */
  restart(runId: string): void;
  /** Resolves when the run has ended and all its files are written. */
  ended(runId: string): Promise<RunView>;
  /** Resolves when the run has ended, and its renditions are there or none are being made. */
  finished(runId: string): Promise<RunView>;
  /** The states that the execution was in while this process ran, oldest first. */
  steps(runId: string): readonly Step[];
  noteStep(runId: string, step: Step): void;
  /**
   * Calls the listener with each run that has changed.
   *
   * @returns a function that stops this
   */
  onChange(listener: (view: RunView) => void): () => void;
}

const ENDS = new Set<RunView['stage']>(['stored', 'failed', 'rejected']);

const MOST_STEPS = 200;

/**
 * Follows every run through events, messages, and executions. For display only: no decision depends on it.
 *
 * @param expectsRenditions whether renditions are made of each stored model
 */
export function createRuns(expectsRenditions: boolean): Runs {
  const views = new Map<string, RunView>();
  const waiting = new Set<{ readonly is: (view: RunView) => boolean; readonly resolve: (view: RunView) => void }>();
  const when = (runId: string, is: (view: RunView) => boolean): Promise<RunView> => {
    const view = views.get(runId);
    if (view && is(view)) return Promise.resolve(view);
    return new Promise((resolve) => waiting.add({ is: (other) => other.runId === runId && is(other), resolve }));
  };
  const steps = new Map<string, readonly Step[]>();
  const listeners = new Set<(view: RunView) => void>();

  return {
    get: (runId) => views.get(runId),
    isUnderWay: (runId) => {
      const view = views.get(runId);
      return view !== undefined && !ENDS.has(view.stage);
    },
    all: () => [...views.values()].sort((a, b) => b.since - a.since),
    note: (runId, news) => {
      const before = views.get(runId) ?? { runId, key: '', stage: 'queued', progress: 0, since: Date.now() };
      // What is said about a run that has ended concerns its past, unless it says how the run ended.
      const isEnd = news.stage === undefined ? news.endedAt !== undefined : ENDS.has(news.stage);
      if (ENDS.has(before.stage) && !isEnd && !news.renditions) return;
      const changed = news.stage !== undefined && { waitingFor: undefined };
      const isStored = news.stage === 'stored' && !before.renditions && expectsRenditions;
      const finishing = { isFinishing: !news.renditions && (isStored || before.isFinishing === true) };
      const view = { ...before, ...changed, ...finishing, ...news };
      views.set(runId, view);
      for (const waiter of waiting)
        if (waiter.is(view)) {
          waiting.delete(waiter);
          waiter.resolve(view);
        }
      for (const listener of listeners) listener(view);
    },
    restart: (runId) => {
      const view = views.get(runId);
      if (!view || !ENDS.has(view.stage)) return;
      const nothing = { reason: undefined, hint: undefined, code: undefined, endedAt: undefined, isFinishing: false };
      const restarted = { ...view, ...nothing, stage: 'generating', progress: 1 } as const;
      views.set(runId, restarted);
      for (const listener of listeners) listener(restarted);
    },
    ended: (runId) => when(runId, ({ stage }) => ENDS.has(stage)),
    finished: (runId) => when(runId, ({ stage, isFinishing }) => ENDS.has(stage) && isFinishing !== true),
    steps: (runId) => steps.get(runId) ?? [],
    noteStep: (runId, step) => {
      const known = steps.get(runId) ?? [];
      // A task begins, and later has an output.
      if (known.at(-1)?.state !== step.state) steps.set(runId, [...known, step].slice(-MOST_STEPS));
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
