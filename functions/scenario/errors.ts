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
  /** From Scenario's answer. */
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

/** Scenario did not answer, or answered 5xx, and nothing was bought. Worth a retry. */
export class ScenarioUnavailableError extends ScenarioRefusal {
  override readonly name = 'ScenarioUnavailableError';
}

/** Scenario refuses the key, the plan, the credits or the model: no image is at fault. A retry helps once this is fixed. */
export class ScenarioAccountError extends ScenarioRefusal {
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
export class ScenarioInputError extends ScenarioRefusal {
  override readonly name = 'ScenarioInputError';
}

/** Scenario does not find the input asset, or is not done with it yet. It may, if the asset is new. */
export class AssetNotVisibleError extends ScenarioRefusal {
  override readonly name = 'AssetNotVisibleError';
}

/** Scenario does not know the id. A new id may become known later. */
export class ScenarioNotFoundError extends ScenarioRefusal {
  override readonly name = 'ScenarioNotFoundError';
}

/** The paid request was sent, but whether Scenario took it is unknown. Only the job list can tell: never send it again. */
export class SubmissionUncertainError extends Error {
  override readonly name = 'SubmissionUncertainError';
}
