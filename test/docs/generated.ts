import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAILURES } from '../../functions/contract/failures.ts';
import { sampleEvents, sampleManifests } from './event-samples.ts';
import { publishedSchemas } from './event-schemas.ts';
import { replacePart } from './generated-part.ts';
import { lifecyclePicture } from './lifecycle-picture.ts';
import { roomsTable } from './rooms-table.ts';
import { settingsTable } from './settings-table.ts';

const project = join(import.meta.dirname, '..', '..');

/** The documents that are made from the code, wholly or in part: path and text. */
export function generatedDocuments(): ReadonlyMap<string, string> {
  return new Map([
    withGenerated('README.md', 'settings', settingsTable()),
    withGenerated('ARCHITECTURE.md', 'rooms', roomsTable()),
    withGenerated('docs/reliability.md', 'lifecycle', lifecyclePicture()),
    ['docs/failures.md', failures()],
    ...jsonFiles(publishedSchemas(), 'schema.json'),
    ...jsonFiles(sampleEvents(), 'sample.json'),
    ...jsonFiles(sampleManifests(), 'sample.json'),
  ]);
}

function withGenerated(path: string, part: string, generated: string): [string, string] {
  const text = readFileSync(join(project, path), 'utf8');
  return [path, replacePart(text, path, part, generated)];
}

function jsonFiles(values: ReadonlyMap<string, unknown>, ending: string): readonly [string, string][] {
  return [...values].map(([name, value]) => [`docs/events/${name}.${ending}`, `${JSON.stringify(value, null, 2)}\n`]);
}

/** What the comment above a failure code says. */
interface FailureComment {
  readonly status: string;
  readonly when: string;
}

/** The comments in failures.ts, by code. They aren't data because no function needs them. */
function failureComments(): ReadonlyMap<string, FailureComment> {
  const source = readFileSync(join(project, 'functions', 'contract', 'failures.ts'), 'utf8');
  const found = source.matchAll(
    /^ {2}\/\*\* (?<status>rejected|failed): (?<when>.+) \*\/\n {2}'?(?<code>[a-z-]+)'?:/gm,
  );
  return new Map(
    [...found].map(({ groups: { code = '', status = '', when = '' } = {} }) => [code, { status, when }] as const),
  );
}

function failures(): string {
  const comments = failureComments();
  const rows = Object.entries(FAILURES).map(([code, hint]) => {
    const comment = comments.get(code);
    if (!comment) throw new Error(`failures.ts has no comment "rejected: …" or "failed: …" above ${code}`);
    return `| \`${code}\` | ${comment.status} | ${comment.when} | ${hint} |`;
  });
  return `# When there is no model

Every upload ends with a manifest, in the folder where its model would be, and with an event. If there is no model, both
have \`failure: { code, reason, hint }\`: a code for programs, a reason in one plain sentence about this image, and a hint
about what to do.

*Rejected* (\`Upload Rejected\`) means that the image or its metadata cannot be used: nothing was paid. *Failed*
(\`Model Failed\`) means everything else. You can resume a failed run whose job was paid, without paying again:
\`npm run redrive -- RUNID\`.

| code | ends as | when | what to do |
| --- | --- | --- | --- |
${rows.join('\n')}

*This page is made from functions/contract/failures.ts by \`npm run docs\`.*
`;
}
