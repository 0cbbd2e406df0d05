import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mutation, mutations } from './campaign/mutations.ts';

interface Caught {
  readonly name: string;
  /** The first line of the violation, or undefined if the campaign finds none. */
  readonly by: string | undefined;
}

const root = join(import.meta.dirname, '..', '..');
const COPIED = [
  'functions',
  'infra',
  'operator',
  'local',
  'test',
  'examples',
  'cdk.json',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

/** The campaigns to run against each broken copy, in order, until one of them finds a violation. */
const CAMPAIGNS: readonly (readonly string[])[] = [
  ['--only', 'faults'],
  ['--only', 'histories', '--histories', '800'],
  ['--only', 'burst', '--uploads', '60'],
  ['--only', 'crash'],
];

/** What the campaign must not catch. Otherwise, it would seem to catch everything. */
const UNBROKEN: Mutation = { name: 'nothing', file: '', edits: [] };

/** Applies each mutation to a copy of the project and runs the campaign there. */
async function huntAll(onCaught: (caught: Caught) => void, only = ''): Promise<readonly Caught[]> {
  const all: Caught[] = [];
  const wanted = mutations.filter(({ name }) => name.includes(only));
  const control = await hunt(UNBROKEN);
  if (control !== undefined) throw new Error(`the campaign finds a violation in the unbroken code, too: ${control}`);
  for (const mutation of wanted) {
    const caught = { name: mutation.name, by: await hunt(mutation) };
    onCaught(caught);
    all.push(caught);
  }
  return all;
}

/** @throws Error if the code to change is missing or not unique */
async function breakIn(folder: string, { name, file, edits }: Mutation): Promise<void> {
  for (const [from, to, path = file] of edits) {
    const text = await readFile(join(folder, path), 'utf8');
    if (text.split(from).length !== 2)
      throw new Error(`"${name}": ${path} does not contain this text exactly once: ${from}`);
    await writeFile(
      join(folder, path),
      text.replace(from, () => to),
    );
  }
}

async function hunt(mutation: Mutation): Promise<string | undefined> {
  const copy = await mkdtemp(join(tmpdir(), 'meshdrop-mutation-'));
  try {
    for (const path of COPIED) await cp(join(root, path), join(copy, path), { recursive: true });
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
    await breakIn(copy, mutation);
    for (const args of CAMPAIGNS) {
      const violation = await violationIn(copy, args);
      if (violation !== undefined) return violation;
    }
    return undefined;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Runs a campaign, which exits with 1 and prints a story if it finds a violation. */
async function violationIn(copy: string, args: readonly string[]): Promise<string | undefined> {
  const child = spawn(process.execPath, [join(copy, 'test', 'simulation', 'campaign.ts'), ...args], {
    cwd: copy,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => {
      output += text.toString();
    });
  }
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code === 0) return undefined;
  const violation = /^violation \(.*$/m.exec(output)?.[0];
  if (code !== 1 || violation === undefined) throw new Error(`the campaign failed:\n${output.slice(-2000)}`);
  // Remove the seed and the IDs, which differ between runs.
  return violation
    .replace(/^violation \([^)]*\): /, '')
    .replaceAll(/[a-z0-9-]+-[0-9a-f]{32}/g, 'a run')
    .slice(0, 160)
    .trim();
}

const BEGIN = '<!-- npm run mutations: -->';
const END = '<!-- . -->';

/** Regenerates the table of docs/reliability.md. */
async function writeTable(all: readonly Caught[]): Promise<void> {
  const file = join(root, 'docs', 'reliability.md');
  const rows = all.map(({ name, by = '**not caught**' }) => `| ${name} | ${by} |`);
  const table = ['| Mutation | Violation that the campaign finds |', '| --- | --- |', ...rows].join('\n');
  const text = await readFile(file, 'utf8');
  const [before = '', rest = ''] = text.split(BEGIN);
  const after = rest.slice(rest.indexOf(END));
  await writeFile(file, `${before}${BEGIN}\n\n${table}\n\n${after}`);
}

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const found = await huntAll(({ name, by }) => {
  process.stderr.write(`${by === undefined ? 'NOT CAUGHT' : 'caught'}: ${name}${by === undefined ? '' : ` — ${by}`}\n`);
}, values.only);
if (values.only === undefined) await writeTable(found);
const missed = found.filter(({ by }) => by === undefined).length;
process.stdout.write(`${found.length - missed} of ${found.length} mutations caught\n`);
process.exitCode = missed === 0 ? 0 : 1;
