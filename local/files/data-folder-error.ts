/** A file of the data folder is damaged. The message names it and says what to do. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';

  constructor(file: string, problem: string) {
    super(
      `${file} ${problem}. Nothing was changed. Restore the data folder from a copy, or name another folder with --data`,
    );
  }
}
