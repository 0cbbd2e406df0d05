import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, matchesGlob, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Room, ROOMS } from './import-rules.ts';

const project = join(import.meta.dirname, '..', '..');

interface Source {
  /** Relative to the project folder, such as `functions/check-job/handler.ts`. */
  readonly path: string;
  readonly text: string;
}

function readSources(pattern: string): readonly Source[] {
  const paths = globSync(pattern, { cwd: project }).sort();
  return paths.map((path) => ({ path, text: readFileSync(join(project, path), 'utf8') }));
}

const sources = readSources('{functions,infra,operator,local}/**/*.ts');
const shipped = sources.filter(({ path }) => /^(?:functions|infra)\//.test(path));

/** Returns `<path>: <finding>` for each finding in the sources. */
function findings(looked: readonly Source[], look: (source: Source) => readonly string[]): readonly string[] {
  return looked.flatMap((source) => look(source).map((found) => `${source.path}: ${found}`));
}

interface Import {
  readonly statement: string;
  readonly typesOnly: boolean;
  readonly from: string;
  /** Relative to the project folder. Undefined for a package. */
  readonly target: string | undefined;
}

function importsIn({ path, text }: Source): readonly Import[] {
  const found = text.matchAll(/^(?:import|export)\b(?<what>[^;'"]*?)(?:\bfrom\s*)?['"](?<from>[^'"]+)['"];/gm);
  return [...found].map((match) => {
    const { what = '', from = '' } = match.groups ?? {};
    const target = from.startsWith('.') ? normalize(join(dirname(path), from)) : undefined;
    return { statement: match[0], typesOnly: /^\s*type\b/.test(what), from, target };
  });
}

function roomOf(path: string): Room | undefined {
  const rooms = ROOMS.filter(({ room }) => path.startsWith(`${room}/`));
  return rooms.sort((a, b) => b.room.length - a.room.length)[0];
}

function isAllowed(from: Room, { target = '', typesOnly }: Import): boolean {
  if (roomOf(target)?.room === from.room) return true;
  const allowed = typesOnly ? [...from.may, ...(from.mayTypes ?? [])] : from.may;
  return allowed.some((place) => target.startsWith(`${place}/`) || matchesGlob(target, place));
}

describe('the rooms', () => {
  it('contain all sources of the product', () => {
    expect(sources.length).toBeGreaterThan(150);
    expect(sources.filter(({ path }) => !roomOf(path)).map(({ path }) => path)).toEqual([]);
  });

  it('import only from the rooms that their rule allows', () => {
    const strays = findings(sources, (source) => {
      const room = roomOf(source.path);
      const imports = importsIn(source).filter(({ target }) => target !== undefined);
      return room ? imports.filter((one) => !isAllowed(room, one)).map(({ statement }) => statement) : [];
    });

    expect(strays).toEqual([]);
  });

  it('of the functions do not import CDK', () => {
    const functions = sources.filter(({ path }) => path.startsWith('functions/'));
    const cdk = findings(functions, (source) =>
      importsIn(source).flatMap(({ from }) => (/^(?:aws-cdk|constructs|@aws-cdk)/.test(from) ? [from] : [])),
    );

    expect(cdk).toEqual([]);
  });

  it('of the functions have one handler each', () => {
    const handlers = sources.map(({ path }) => path).filter((path) => basename(path) === 'handler.ts');
    const functions = ROOMS.filter(({ holds }) => holds.startsWith('one Lambda function'));

    expect(handlers.filter((path) => path.startsWith('functions/')).map((path) => dirname(path))).toEqual(
      functions.map(({ room }) => room).sort(),
    );
  });
});

describe('the sources', () => {
  it('never check whether they run locally or in a test: they do not contain these words', () => {
    const words = /\b(?:local|mock|fake|isTest)\b/gi;

    expect(findings(shipped, ({ text }) => text.match(words) ?? [])).toEqual([]);
  });

  it('have descriptive names in kebab case', () => {
    const empty = ['utils', 'util', 'helpers', 'common', 'misc', 'lib', 'index', 'types', 'constants', 'shared'];
    const odd = sources.filter(
      ({ path }) =>
        path.split(/[/.]/).some((part) => empty.includes(part)) ||
        !/^[a-z0-9-]+(?:\/[a-z0-9-]+)*(?:\.d)?\.ts$/.test(path),
    );

    expect(odd.map(({ path }) => path)).toEqual([]);
  });

  it('import files with the extension .ts, and zod only in a way that leaves out its locales', () => {
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

describe('an error class', () => {
  it('has its name as a literal, because bundlers rename classes, unless it is abstract', () => {
    const unnamed = findings(sources, ({ text }) =>
      [...text.matchAll(/(?<!abstract )class (\w+)(?:<[^{]*>)? extends \w*Error\b[^{]*\{(?<first>[^;]*;)/g)].flatMap(
        ([, name = '', first = '']) => {
          const isNamed = first.trim() === `override readonly name = '${name}';`;
          // The names of these errors are data: a failure code, or the error code of a service.
          return isNamed || /^override readonly name: (Code|string);$/.test(first.trim()) ? [] : [name];
        },
      ),
    );

    expect(unnamed).toEqual([]);
  });
});

describe('a test file', () => {
  it('mocks a client instance, not the class, because the next file in the same process might need a real client', () => {
    const tests = readSources('test/**/*.ts');

    expect(findings(tests, ({ text }) => text.match(/\bmockClient\([A-Z]\w*/g) ?? [])).toEqual([]);
  });
});
