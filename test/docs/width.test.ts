import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const project = join(import.meta.dirname, '..', '..');
const WIDTH = 120;

const documents = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: project }).filter(
  (path) => !path.includes('node_modules'),
);

/** Returns the lines of prose that are too wide. Tables, code, and images can't be wrapped. */
function wideLines(text: string): readonly string[] {
  const prose = text.replaceAll(/^ *```[^]*?^ *```$/gm, '').split('\n');
  return prose.filter((line) => line.length > WIDTH && !/^\s*(?:\||!\[|<!--)/.test(line) && line.trim().includes(' '));
}

it.each(documents)('%s wraps at 120 columns', (path) => {
  expect(wideLines(readFileSync(join(project, path), 'utf8'))).toEqual([]);
});

it('checks the width of prose, but not of tables and code', () => {
  const wide = `wide ${'x'.repeat(WIDTH)}`;

  expect(wideLines(`${wide}\n| ${wide} |\n\`\`\`sh\n${wide}\n\`\`\`\n`)).toEqual([wide]);
});
