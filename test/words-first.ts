/** Rows of a table test with their last column, in words, first: so that a title can name the case by it. */
export function wordsFirst<Case extends readonly unknown[]>(rows: readonly (readonly [...Case, string])[]) {
  return rows.map((row) => [row.at(-1), ...row.slice(0, -1)] as unknown as [string, ...Case]);
}
