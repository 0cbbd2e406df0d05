/** Scenario is busy: too many parallel jobs, a cooldown or too many requests. A retry helps after a while. */
export class ScenarioBusyError extends Error {
  override readonly name = 'ScenarioBusyError';
  /** Undefined if Scenario's answer doesn't say. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, retryAfterSeconds?: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Scenario didn't answer, or its answer can't be used. Nothing was paid. A retry may help. */
export class ScenarioUnavailableError extends Error {
  override readonly name = 'ScenarioUnavailableError';
}

/**
 * Scenario refuses the key, the plan, the credits or the model. No image is at fault. A retry helps once somebody has
 * fixed the account.
 */
export class ScenarioAccountError extends Error {
  override readonly name = 'ScenarioAccountError';
}

/** A dry run started a job. Never retry: each new quote could start another paid job. */
export class DryRunPaidError extends Error {
  override readonly name = 'DryRunPaidError';
  /** The input asset of the dry run, and the job's ID if it can be read. */
  readonly paid: { readonly assetId: string; readonly jobId: string | undefined };

  constructor(message: string, paid: DryRunPaidError['paid']) {
    super(message);
    this.paid = paid;
  }
}

/** Scenario refuses this image or these parameters and gives a reason. A retry never helps. */
export class ScenarioInputError extends Error {
  override readonly name = 'ScenarioInputError';
}

/** Scenario doesn't know the ID. It may know a new ID a little later. */
export class ScenarioNotFoundError extends Error {
  override readonly name = 'ScenarioNotFoundError';
}

/**
 * A request was sent, but nobody knows whether Scenario accepted it. Never send a paid request again: only the job list
 * shows whether it became a job.
 */
export class SubmissionUncertainError extends Error {
  override readonly name = 'SubmissionUncertainError';
}
