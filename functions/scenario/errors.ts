/** Scenario is busy: the limit of parallel jobs, a cooldown or the request rate. Worth a retry after a while. */
export class ScenarioBusyError extends Error {
  override readonly name = 'ScenarioBusyError';
  /** From Scenario's answer. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, retryAfterSeconds?: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Scenario did not answer, or answered 5xx, and nothing was bought. Worth a retry. */
export class ScenarioUnavailableError extends Error {
  override readonly name = 'ScenarioUnavailableError';
}

/** Scenario refuses the key, the plan, the credits or the model: no image is at fault. A retry helps once this is fixed. */
export class ScenarioAccountError extends Error {
  override readonly name = 'ScenarioAccountError';
}

/** A dry run started a job. Never retry: every further quote could also start a paid job. */
export class DryRunPaidError extends Error {
  override readonly name = 'DryRunPaidError';
  /** The input asset of the dry run, and the job if its id can be read. */
  readonly paid: { readonly assetId: string; readonly jobId: string | undefined };

  constructor(message: string, paid: DryRunPaidError['paid']) {
    super(message);
    this.paid = paid;
  }
}

/** Scenario refuses this image or these parameters, with a reason. A retry never helps. */
export class ScenarioInputError extends Error {
  override readonly name = 'ScenarioInputError';
}

/** Scenario does not know the id. A new id may become known later. */
export class ScenarioNotFoundError extends Error {
  override readonly name = 'ScenarioNotFoundError';
}

/** The paid request was sent, but whether Scenario took it is unknown. Only the job list can tell: never send it again. */
export class SubmissionUncertainError extends Error {
  override readonly name = 'SubmissionUncertainError';
}
