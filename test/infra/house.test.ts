import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as errors from '../../functions/platform/errors.ts';
import { project } from './cdk-context.ts';

interface Source {
  /** From the project's folder, as `functions/check-job/handler.ts`. */
  readonly path: string;
  readonly text: string;
}

const sources: readonly Source[] = globSync('{functions,infra}/**/*.ts', { cwd: project })
  .sort()
  .map((path) => ({ path, text: readFileSync(join(project, path), 'utf8') }));
const functionSources = sources.filter(({ path }) => path.startsWith('functions/'));
const infraSources = sources.filter(({ path }) => path.startsWith('infra/'));

/** `<path>: <what was found>` for everything that a look at the sources finds. */
function findings(looked: readonly Source[], look: (source: Source) => readonly string[]): readonly string[] {
  return looked.flatMap((source) => look(source).map((found) => `${source.path}: ${found}`));
}

interface Import {
  readonly statement: string;
  readonly typesOnly: boolean;
  readonly from: string;
  /** From the project's folder; undefined for a package. */
  readonly target: string | undefined;
}

function importsIn({ path, text }: Source): readonly Import[] {
  const found = text.matchAll(
    /^(?:import|export)\b(?<what>[^;'"]*?)(?:\bfrom\s*)?['"](?<from>[^'"]+)['"];/gm,
  );
  return [...found].map((match) => {
    const { what = '', from = '' } = match.groups ?? {};
    const target = from.startsWith('.') ? normalize(join(dirname(path), from)) : undefined;
    return { statement: match[0], typesOnly: /^\s*type\b/.test(what), from, target };
  });
}

function folderOf(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

describe('the sources of functions/ and infra/', () => {
  it('are all looked at', () => {
    expect(functionSources.length).toBeGreaterThan(20);
    expect(infraSources.length).toBeGreaterThan(5);
  });

  it('never ask whether they run on one machine or in a test: the words do not occur', () => {
    const words = /\b(?:local|mock|fake|isTest)\b/gi;

    expect(findings(sources, ({ text }) => text.match(words) ?? [])).toEqual([]);
  });

  it('have names that say what is in them', () => {
    const empty = ['utils', 'util', 'helpers', 'common', 'misc', 'lib', 'index', 'types', 'constants'];

    expect(sources.map(({ path }) => path).filter((path) => empty.includes(basename(path, '.ts')))).toEqual(
      [],
    );
  });

  it('are named in kebab case', () => {
    const odd = sources.filter(({ path }) => !/^[a-z0-9-]+(?:\/[a-z0-9-]+)*(?:\.d)?\.ts$/.test(path));

    expect(odd.map(({ path }) => path)).toEqual([]);
  });

  it('import files by their name with .ts, and never zod by a name that brings all languages', () => {
    const problems = findings(sources, (source) =>
      importsIn(source)
        .filter(
          ({ statement, from, target, typesOnly }) =>
            (target !== undefined && !from.endsWith('.ts')) ||
            (from === 'zod' && !typesOnly && !statement.startsWith('import * as z ')),
        )
        .map(({ statement }) => statement),
    );

    expect(problems).toEqual([]);
  });
});

describe('a function folder', () => {
  it('imports itself, shared/ and packages, never another function', () => {
    const strays = findings(functionSources, (source) =>
      importsIn(source).flatMap(({ target }) =>
        target === undefined || ['functions/shared', folderOf(source.path)].includes(folderOf(target))
          ? []
          : [target],
      ),
    );

    expect(strays).toEqual([]);
  });

  it('knows nothing of CDK', () => {
    const cdk = findings(functionSources, (source) =>
      importsIn(source).flatMap(({ from }) => (/^(?:aws-cdk|constructs|@aws-cdk)/.test(from) ? [from] : [])),
    );

    expect(cdk).toEqual([]);
  });

  it('has one handler', () => {
    const folders = new Set(functionSources.map(({ path }) => folderOf(path)));
    folders.delete('functions/shared');

    const handlers = functionSources.filter(({ path }) => basename(path) === 'handler.ts');

    expect(handlers.map(({ path }) => dirname(path))).toEqual([...folders].sort());
  });
});

describe('infra/', () => {
  it('takes types from the functions, and values only from shared/', () => {
    const values = findings(infraSources, (source) =>
      importsIn(source).flatMap(({ target, typesOnly }) => {
        if (target === undefined || typesOnly) return [];
        return target.startsWith('functions/') && folderOf(target) !== 'functions/shared' ? [target] : [];
      }),
    );

    expect(values).toEqual([]);
  });
});

describe('a test file', () => {
  const tests: readonly Source[] = globSync('test/**/*.ts', { cwd: project }).map((path) => ({
    path,
    text: readFileSync(join(project, path), 'utf8'),
  }));

  it('mocks one client, never their class: the next file in the same process may want a real one', () => {
    expect(findings(tests, ({ text }) => text.match(/\bmockClient\([A-Z]\w*/g) ?? [])).toEqual([]);
  });
});

describe('an error class', () => {
  const classes = Object.entries<new (message: string, more: never) => Error>(errors);

  it('carries its own name, spelled out', () => {
    expect(classes.length).toBeGreaterThan(10);
    for (const [name, ErrorClass] of classes)
      expect(new ErrorClass('why', undefined as never).name).toBe(name);
  });

  it('carries it as a literal in its source, wherever it stands, since bundlers rename classes', () => {
    const unnamed = findings(sources, ({ text }) =>
      [...text.matchAll(/class (\w+) extends \w*Error\b[^{]*\{(?<first>[^;]*;)/g)].flatMap(
        ([, name = '', first = '']) =>
          first.trim() === `override readonly name = '${name}';` ? [] : [`${name}: ${first.trim()}`],
      ),
    );

    expect(unnamed).toEqual([]);
  });
});
