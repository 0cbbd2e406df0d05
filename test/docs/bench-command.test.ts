import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

function bench(...args: string[]) {
  const program = join(import.meta.dirname, '..', 'benchmarks', 'bench.ts');
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
}

it('prints a bench as lines of JSON', () => {
  const { stdout, status } = bench('polling', '--small', '--json');
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { bench: string; rule: string; requests: number });

  expect(status).toBe(0);
  expect(rows.every((row) => row.bench === 'polling' && row.requests > 0)).toBe(true);
  expect(new Set(rows.map(({ rule }) => rule))).toContain('Meshdrop, after 50 jobs');
});

it.each([
  [['poling'], 'there is no bench "poling", did you mean polling?'],
  [['burst', '--uploads', 'many'], '--uploads many: use a whole number greater than 0'],
  [['--sed', '1'], 'did you mean --seed?'],
  [['--small', '--write'], '--small and --write exclude each other'],
])('refuses %j with a message that says what to do', (args, said) => {
  const { stderr, status } = bench(...args);

  expect(stderr).toContain(said);
  expect(status).toBe(2);
});
