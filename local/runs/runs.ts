/** What can be said of a run at a glance. */
export interface RunView {
  readonly runId: string;
  readonly key: string;
  readonly stage: 'queued' | 'submitting' | 'generating' | 'storing' | 'stored' | 'failed' | 'rejected';
  /** 0 to 1, while generating. */
  readonly progress: number;
  /** Milliseconds since 1970; of the upload, as far as this process has seen it. */
  readonly since: number;
  readonly reason?: string | undefined;
  /** What the reader can do about it. */
  readonly hint?: string | undefined;
  /** Why an upload is held; gone as soon as it goes on. */
  readonly waitingFor?: string | undefined;
}

export interface Runs {
  get(runId: string): RunView | undefined;
  /** Whether somebody is at work on it, in this process or since an earlier one. */
  isUnderWay(runId: string): boolean;
  /** Newest first. */
  all(): readonly RunView[];
  /** Notes what is new; what ended stays ended. */
  note(runId: string, news: Partial<RunView>): void;
  /** Resolves when the run has ended and everything of it is written. */
  ended(runId: string): Promise<RunView>;
  onChange(listener: () => void): void;
}

const ENDS = new Set<RunView['stage']>(['stored', 'failed', 'rejected']);

/** Follows every run from what passes by: events, messages, executions. Only to be looked at; nothing is decided by it. */
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
