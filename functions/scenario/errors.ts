/** What Scenario, or a gateway before it, answered to a call that it refused. */
export interface Refused {
  readonly status: number;
  /** In the JSON of Scenario's own API. A gateway's refusal says less: something in between may still repeat the request. */
  readonly isOwn: boolean;
}

/** Scenario refused a call. Whatever the reason, this alone does not prove that a paid request was not taken. */
abstract class ScenarioRefusal extends Error {
  /** Undefined if the request never left. */
  readonly refused: Refused | undefined;

  constructor(message: string, options: ErrorOptions & { readonly refused?: Refused } = {}) {
    super(message, options);
    this.refused = options.refused;
  }
}

/** Scenario is busy: the limit of parallel jobs, a cooldown or the request rate. Worth a retry after a while. */
export class ScenarioBusyError extends ScenarioRefusal {
  override readonly name = 'ScenarioBusyError';
  /** Undefined if Scenario's answer doesn't say. */
  readonly retryAfterSeconds: number | undefined;
  /** The limit of parallel jobs, if that is the reason. */
  readonly ceiling: number | undefined;

  constructor(
    message: string,
    options: ErrorOptions & {
      readonly refused?: Refused;
      readonly retryAfterSeconds?: number | undefined;
      readonly ceiling?: number | undefined;
    } = {},
  ) {
    super(message, options);
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.ceiling = options.ceiling;
  }
}

/** Scenario didn't answer, or its answer can't be used. Nothing was paid. A retry may help. */
export class ScenarioUnavailableError extends ScenarioRefusal {
  override readonly name = 'ScenarioUnavailableError';
}

/**
 * Scenario refuses the key, the plan, the credits or the model. No image is at fault. A retry helps once somebody has
 * fixed the account.
 */
export class ScenarioAccountError extends ScenarioRefusal {
  override readonly name = 'ScenarioAccountError';
}

/** A dry run started a job. Never retry: each new quote could start another paid job. */
export class DryRunPaidError extends Error {
  override readonly name = 'DryRunPaidError';
  /** The input asset of the dry run, the job's ID if it can be read, and the compute units if the answer names them. */
  readonly paid: { readonly assetId: string; readonly jobId: string | undefined; readonly cu: number | undefined };

  constructor(message: string, paid: DryRunPaidError['paid']) {
    super(message);
    this.paid = paid;
  }
}

/** Scenario refuses this image or these parameters and gives a reason. A retry never helps. */
export class ScenarioInputError extends ScenarioRefusal {
  override readonly name = 'ScenarioInputError';
}

/** Scenario doesn't find the input asset, or isn't done with it yet. If the asset is new, a retry may help. */
export class AssetNotVisibleError extends ScenarioRefusal {
  override readonly name = 'AssetNotVisibleError';
}

/** Scenario doesn't know the ID. It may know a new ID a little later. */
export class ScenarioNotFoundError extends ScenarioRefusal {
  override readonly name = 'ScenarioNotFoundError';
}

/**
 * A request was sent, but nobody knows whether Scenario accepted it. Never send a paid request again: only the job list
 * shows whether it became a job.
 */
export class SubmissionUncertainError extends Error {
  override readonly name = 'SubmissionUncertainError';
}

/** The import of the image at Scenario does not end. After several tries, the image is at fault. */
export class ImportStuckError extends Error {
  override readonly name = 'ImportStuckError';
}
