/** What each function was tested with, in MiB. Less is not allowed. */
export const MEMORY = {
  /** The decoder takes up to 400 MB for the largest images. */
  SubmitJob: 768,
  CheckJob: 256,
  StoreAssets: 512,
  ReportFailure: 256,
  Sweep: 256,
  /** A model of five million triangles needs it. A new account has no more. */
  MakeRenditions: 3_008,
} as const;

export type FunctionName = keyof typeof MEMORY;
