import type { Clock } from '../platform/clock.ts';
import { ScenarioBusyError, ScenarioUnavailableError } from '../scenario/errors.ts';
import type { Attempt } from './store-file.ts';
import { AssetNotReadyError, DownloadBrokenError, FileTooLargeError } from './errors.ts';

/** The pause before each retry of one file. Each retry gets a fresh URL. */
const PAUSES_MS = [1_000, 10_000, 40_000];
/** After this time, every file gets one try, so that many bad files do not use up the time of the good ones. */
const PAUSES_END_MS = 5 * 60_000;
/** The limit for all files: a little less than the function's timeout, so that there is time to conclude the run. */
const ALL_MS = 13 * 60_000;

/** What one file can take of the time that is left. The models come first, and no other file keeps the rest waiting. */
const SHARE = { model: 1, other: 1 / 3 } as const;

/** Errors of one file that do not stop the others. */
const ABOUT_A_FILE = [AssetNotReadyError, DownloadBrokenError, FileTooLargeError];
/** Errors that a retry may fix. If Scenario refuses longer than that, the state machine waits: the files are paid for. */
const PASSING = [AssetNotReadyError, DownloadBrokenError, ScenarioBusyError, ScenarioUnavailableError];

/**
 * For files that are stored one after another, within the time of one invocation.
 *
 * @returns a function that tries one file a few times. It returns the file, or the last error if only this file is affected
 */
export function createFileRetrier({ now, sleep }: Pick<Clock, 'now' | 'sleep'>) {
  const startedAt = now();
  return async <File>(
    kind: 'model' | 'other',
    store: (attempt: Attempt) => Promise<File>,
  ): Promise<{ file?: File; error?: Error }> => {
    for (let tries = 0; ; tries += 1) {
      try {
        const leftMs = startedAt + ALL_MS - now();
        if (leftMs <= 0) throw new DownloadBrokenError('no time was left to copy it');
        return { file: await store({ tries, totalMs: leftMs * SHARE[kind] }) };
      } catch (error) {
        const pause = PAUSES_MS[tries];
        const isOver = pause === undefined || now() - startedAt + pause > PAUSES_END_MS;
        if (!isOver && isOneOf(error, PASSING)) await sleep(pause);
        else if (isOneOf(error, ABOUT_A_FILE)) return { error };
        else throw error;
      }
    }
  };
}

function isOneOf(error: unknown, classes: readonly (abstract new (...of: never[]) => Error)[]): error is Error {
  return classes.some((one) => error instanceof one);
}
