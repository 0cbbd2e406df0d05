/** A summary of a run. */
export interface RunView {
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
  /** Resolves when the run has ended and all its files are written. */
  ended(runId: string): Promise<RunView>;
  onChange(listener: () => void): void;
}

const ENDS = new Set<RunView['stage']>(['stored', 'failed', 'rejected']);

/** Follows every run through events, messages, and executions. For display only: no decision depends on it. */
export function createRuns(): Runs {
  const views = new Map<string, RunView>();
  const waiting = new Map<string, ((view: RunView) => void)[]>();
  let listener: () => void = () => undefined;

  return {
    get: (runId) => views.get(runId),
    isUnderWay: (runId) => {
      const view = views.get(runId);
      return view !== undefined && !ENDS.has(view.stage);
    },
    all: () => [...views.values()].sort((a, b) => b.since - a.since),
    note: (runId, news) => {
      const before = views.get(runId) ?? { runId, key: '', stage: 'queued', progress: 0, since: Date.now() };
      if (ENDS.has(before.stage) && (news.stage === undefined || !ENDS.has(news.stage))) return;
      const view = { ...before, ...(news.stage !== undefined && { waitingFor: undefined }), ...news };
      views.set(runId, view);
      if (ENDS.has(view.stage)) {
        for (const resolve of waiting.get(runId) ?? []) resolve(view);
        waiting.delete(runId);
      }
      listener();
    },
    ended: (runId) => {
      const view = views.get(runId);
      if (view && ENDS.has(view.stage)) return Promise.resolve(view);
      return new Promise((resolve) => waiting.set(runId, [...(waiting.get(runId) ?? []), resolve]));
    },
    onChange: (next) => {
      listener = next;
    },
  };
}
