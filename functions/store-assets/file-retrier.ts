import {
  AssetNotReadyError,
  DownloadBrokenError,
  FileTooLargeError,
  ScenarioAccountError,
  ScenarioBusyError,
  ScenarioUnavailableError,
} from '../platform/errors.ts';
import type { FileTools, StoredFile } from './store-file.ts';

export interface PatienceTools extends FileTools {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Before each further try of one file, each with a fresh URL. */
const PAUSES_MS = [1_000, 10_000, 40_000];
/** From then on every file gets one try, so that many bad ones do not use up what the good ones need. */
const PAUSES_END_MS = 5 * 60_000;
/** All files together: a little less than the function lives, so that there is time for the answer. */
const ALL_MS = 13 * 60_000;

/** Trouble that may be one file's alone, and does not have to cost the others. */
const PASSING = [AssetNotReadyError, DownloadBrokenError, ScenarioBusyError, ScenarioUnavailableError];
const ABOUT_A_FILE = [...PASSING, FileTooLargeError, ScenarioAccountError];

type Stored = (
  store: (totalMs: number) => Promise<StoredFile>,
) => Promise<{ readonly file?: StoredFile; readonly error?: Error }>;

/** Stores files one after the other, each with a few tries, within the time that one invocation has. */
export function patiently({ now, sleep }: PatienceTools): Stored {
  const startedAt = now();
  return async (store) => {
    for (let tries = 0; ; tries += 1) {
      try {
        const totalMs = startedAt + ALL_MS - now();
        if (totalMs <= 0) throw new DownloadBrokenError('no time was left to copy it');
        return { file: await store(totalMs) };
      } catch (error) {
        if (!isOneOf(error, ABOUT_A_FILE)) throw error;
        const pause = PAUSES_MS[tries];
        const isOver = pause === undefined || now() - startedAt + pause > PAUSES_END_MS;
        if (isOver || !isOneOf(error, PASSING)) return { error };
        await sleep(pause);
      }
    }
  };
}

function isOneOf(
  error: unknown,
  classes: readonly (abstract new (...of: never[]) => Error)[],
): error is Error {
  return classes.some((one) => error instanceof one);
}
