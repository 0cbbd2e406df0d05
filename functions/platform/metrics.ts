export const METRIC_NAMESPACE = 'Meshdrop';

/** Our own metrics with their units, as CloudWatch names them. The dimension `service` is the function. */
export const METRIC_UNITS = {
  Submitted: 'Count',
  Stored: 'Count',
  Reused: 'Count',
  Failed: 'Count',
  Rejected: 'Count',
  DuplicateJob: 'Count',
  AccountRefused: 'Count',
  ManySends: 'Count',
  Paused: 'Count',
  OverDailyLimit: 'Count',
  PutBack: 'Count',
  LookFailed: 'Count',
  GenerationLate: 'Count',
  RecordUnreadable: 'Count',
  UnexpectedError: 'Count',
  UploadRefused: 'Count',
  ModelNotStored: 'Count',
  HeldSeconds: 'Seconds',
  BusySeconds: 'Seconds',
  GenerationSeconds: 'Seconds',
  CuSubmitted: 'Count',
  CuSpent: 'Count',
  AboveQuote: 'Count',
  RenditionSeconds: 'Seconds',
  RenditionsMissing: 'Count',
} as const;

export type MetricName = keyof typeof METRIC_UNITS;
