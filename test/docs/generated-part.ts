/**
 * Replaces the generated part of a document, which is between two comments.
 *
 * @param path of the document, for the error message
 * @throws Error if the text has no markers
 */
export function replacePart(text: string, path: string, part: string, generated: string): string {
  const [opening, closing] = [`<!-- ${part}: npm run docs -->`, `<!-- end of ${part} -->`];
  const [begin, end] = [text.indexOf(opening), text.indexOf(closing)];
  if (begin < 0 || end < begin) throw new Error(`${path}: put ${opening} and ${closing} around the ${part}`);
  return `${text.slice(0, begin)}${opening}\n\n${generated}\n\n${text.slice(end)}`;
}
