/**
 * Errors that somebody treats differently. Their names are literals: the state machine matches on them, and bundlers
 * rename classes.
 */

/** Scenario refuses for now: ceiling of parallel jobs, cooldown or request rate. A retry helps, after a while. */
export class ScenarioBusyError extends Error {
  override readonly name = 'ScenarioBusyError';
  /** What the answer itself says, in seconds. */
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

/** Key, plan, credits or the model itself are refused: no image is at fault. A retry helps once somebody mended it. */
export class ScenarioAccountError extends Error {
  override readonly name = 'ScenarioAccountError';
}

/** A dry run has started a job. Not held: every further question about the price would be paid, too. */
export class DryRunPaidError extends Error {
  override readonly name = 'DryRunPaidError';
  /** The input asset that it was asked for, and the job, where its id can be read. */
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

/** A service of AWS did not answer, or asked to slow down, more often than its client tries again. Worth a retry. */
export class AwsUnavailableError extends Error {
  override readonly name = 'AwsUnavailableError';
}

/** Scenario does not know the id. Right after it was made, it may yet come to know it. */
export class ScenarioNotFoundError extends Error {
  override readonly name = 'ScenarioNotFoundError';
}

/** The paid request left and nobody knows whether it was taken. Only the job list can tell: never send again. */
export class SubmissionUncertainError extends Error {
  override readonly name = 'SubmissionUncertainError';
}

/** Submissions are paused, or the day's compute units are used up. A retry helps once that is over. */
export class SubmissionsHeldError extends Error {
  override readonly name = 'SubmissionsHeldError';
  readonly because: 'paused' | 'daily-limit';

  constructor(message: string, because: 'paused' | 'daily-limit' = 'paused') {
    super(message);
    this.because = because;
  }
}

/** The run can not go on in this invocation; its message returns to the queue. Not a fault of the run. */
export class TryLaterError extends Error {
  override readonly name = 'TryLaterError';
  /** When the message should come back. 0: at once, so that it and no other is worked on next. */
  readonly inSeconds: number;

  constructor(message: string, inSeconds = 0) {
    super(message);
    this.inSeconds = inSeconds;
  }
}

/** The asset of a finished job is still being made. Worth a retry. */
export class AssetNotReadyError extends Error {
  override readonly name = 'AssetNotReadyError';
}

/** A download was cut, refused, or its bytes are not what they should be. Worth a retry with a fresh URL. */
export class DownloadBrokenError extends Error {
  override readonly name = 'DownloadBrokenError';
}

/** A file is larger than maxAssetBytes. A retry never helps, before somebody raises the setting. */
export class FileTooLargeError extends Error {
  override readonly name = 'FileTooLargeError';
}

/** The job gave nothing to keep, and the run was answered so. A retry never helps. */
export class UnusableResultError extends Error {
  override readonly name = 'UnusableResultError';
}

/** The job is not done at the deadline. Not retried; a redriven execution polls again and can still fetch it. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** Scenario has not known a paid job for minutes. Not retried: with the right key, a redriven execution may still find it. */
export class JobLostError extends Error {
  override readonly name = 'JobLostError';
}

/** EventBridge took the call and refused the entry. Worth a retry. */
export class EventRefusedError extends Error {
  override readonly name = 'EventRefusedError';
}
