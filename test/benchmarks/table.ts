import type { Row } from './benches.ts';

/** What a table leaves out: it is only drawn. */
const isShown = (value: Row[string] | undefined): boolean => !Array.isArray(value);

function textOf(value: Row[string] | undefined): string {
  if (value === null || value === undefined) return '-';
  if (typeof value !== 'number') return String(value);
  if (Number.isInteger(value)) return value.toLocaleString('en');
  return value.toPrecision(3).includes('e') ? value.toFixed(8) : String(Number(value.toPrecision(3)));
}

function columnsOf(rows: readonly Row[]): string[] {
  return Object.keys(rows[0] ?? {}).filter((name) => isShown(rows[0]?.[name]));
}

/** A table for a terminal. */
export function tableOf(rows: readonly Row[]): string {
  const names = columnsOf(rows);
  const lines = [names, ...rows.map((row) => names.map((name) => textOf(row[name])))];
  const widths = names.map((_, n) => Math.max(...lines.map((line) => line[n]?.length ?? 0)));
  return lines
    .map((line) => line.map((text, n) => text.padEnd(widths[n] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A table for a document, with some of the columns under other names. */
export function markdownTable(rows: readonly Row[], columns: Readonly<Record<string, string>>): string {
  const names = Object.keys(columns);
  const isNumber = (name: string) => rows.every((row) => typeof row[name] !== 'string');
  return [
    `| ${Object.values(columns).join(' | ')} |`,
    `| ${names.map((name) => (isNumber(name) ? '---:' : '---')).join(' | ')} |`,
    ...rows.map((row) => `| ${names.map((name) => textOf(row[name])).join(' | ')} |`),
  ].join('\n');
}

const WIDTH = 120;

/** Wraps the prose and the lists of a document. Tables, headings, and images stay as they are. */
export function wrapped(document: string): string {
  return document
    .split('\n\n')
    .map((block) =>
      /^(?:\||#|!|\n)/.test(block)
        ? block
        : block
            .split(/\n(?=- )/)
            .map(wrapOne)
            .join('\n'),
    )
    .join('\n\n');
}

function wrapOne(text: string): string {
  const indent = text.startsWith('- ') ? '  ' : '';
  const lines: string[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(last === undefined ? word : indent + word);
  }
  return lines.join('\n');
}
