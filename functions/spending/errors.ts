/** Submissions are paused, or the day's compute units are used up. A retry helps once that is over. */
export class SubmissionsHeldError extends Error {
  override readonly name = 'SubmissionsHeldError';
  readonly because: 'paused' | 'daily-limit';

  constructor(message: string, because: 'paused' | 'daily-limit') {
    super(message);
    this.because = because;
  }
}
