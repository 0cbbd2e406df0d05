import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HINTS } from '../../functions/contract/failures.ts';
import { apiPage } from './api-page.ts';
import { asyncApi } from './asyncapi.ts';
import { sampleEvents, sampleManifests, sampleRenditions } from './event-samples.ts';
import { fieldsOf, publishedSchemas, registrySchemas } from './event-schemas.ts';
import { propsFile } from './props-file.ts';
import { replacePart } from './generated-part.ts';
import { lifecyclePicture } from './lifecycle-picture.ts';
import { roomsTable } from './rooms-table.ts';
import { settingsTable } from './settings-table.ts';
import { whoseFaultTable } from './whose-fault-table.ts';

/** Returns the documents that are generated from the code, fully or partly: path and text. */
export function generatedDocuments(): ReadonlyMap<string, string> {
  return new Map([
    ['README.md', readme()],
    ['infra/settings/plain-props.ts', propsFile()],
    withGenerated('ARCHITECTURE.md', 'rooms', roomsTable()),
    withGenerated('docs/reliability.md', 'lifecycle', lifecyclePicture()),
    withGenerated('docs/decisions/08-held-or-rejected.md', 'answers', whoseFaultTable),
    ['docs/failures.md', failures()],
    ['docs/api.md', apiPage(propsFile())],
    ['docs/events/fields.md', fields()],
    ...jsonFiles(publishedSchemas(), 'schema.json'),
    ...jsonFiles(registrySchemas(), 'openapi.json'),
    ...jsonFiles(new Map([['events', asyncApi()]]), 'asyncapi.json'),
    ...jsonFiles(sampleEvents(), 'sample.json'),
    ...jsonFiles(sampleManifests(), 'sample.json'),
    ...jsonFiles(sampleRenditions(), 'sample.json'),
  ]);
}

const WIDTH = 118;

/** JSON for reading: whatever fits on a line is on one. */
function compact(value: unknown, indent = ''): string {
  const line = JSON.stringify(value, undefined, 1).replaceAll(/\n\s*/g, ' ');
  if (typeof value !== 'object' || value === null || indent.length + line.length <= WIDTH) return line;
  const deeper = `${indent}  `;
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const items = Array.isArray(value)
    ? value.map((item) => compact(item, deeper))
    : Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${compact(item, deeper)}`);
  return `${open}\n${items.map((item) => deeper + item).join(',\n')}\n${indent}${close}`;
}

function sample(value: unknown): string {
  return `\`\`\`json\n${compact(value)}\n\`\`\``;
}

function readme(): string {
  const parts = {
    settings: settingsTable(),
    manifest: sample(sampleManifests().get('manifest')),
    event: sample(sampleEvents().get('model-stored')),
  };
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
  return Object.entries(parts).reduce((done, [part, made]) => replacePart(done, 'README.md', part, made), text);
}

function withGenerated(path: string, part: string, generated: string): [string, string] {
  const text = readFileSync(join(import.meta.dirname, '..', '..', path), 'utf8');
  return [path, replacePart(text, path, part, generated)];
}

function jsonFiles(values: ReadonlyMap<string, unknown>, ending: string): readonly [string, string][] {
  return [...values].map(([name, value]) => [`docs/events/${name}.${ending}`, `${JSON.stringify(value, null, 2)}\n`]);
}

/** Reads when each code happens from the comments of the table: `rejected | two parameters exclude each other`. */
function failureComments(): ReadonlyMap<string, string> {
  const path = 'functions/contract/failures.ts';
  const text = readFileSync(join(import.meta.dirname, '..', '..', path), 'utf8');
  const found = [...text.matchAll(/\/\*\*\s+(?:\* )?(Rejected|Failed): ([^/]*?)\.\s*\*\/\s+'?([\w-]+)'?:/g)];
  const comments = new Map(
    found.map(([, status = '', when = '', code = '']) => [
      code,
      `${status.toLowerCase()} | ${when.replaceAll(/\s+\* /g, ' ')}`,
    ]),
  );
  const missing = Object.keys(HINTS).filter((code) => !comments.has(code));
  if (missing.length > 0)
    throw new Error(`${path}: add a comment that says when these codes happen: ${missing.join(', ')}`);
  return comments;
}

const TITLES: Readonly<Record<string, string>> = {
  'model-stored': '`Model Stored`',
  'model-failed': '`Model Failed`',
  'upload-rejected': '`Upload Rejected`',
  'renditions-stored': '`Renditions Stored`',
  renditions: 'The renditions document',
  manifest: 'The manifest',
};

function fields(): string {
  const parts = [...publishedSchemas()].map(([name, schema]) => {
    const rows = fieldsOf(schema).map(([path, type, always, what]) => {
      const told = what.replaceAll('|', String.raw`\|`);
      return `| \`${path}\` | ${type} | ${always ? 'always' : 'sometimes'} | ${told} |`;
    });
    return `## ${TITLES[name] ?? name}\n\n| field | type | there | what it is |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return `# All fields

Fields below one that is there sometimes are there with it. [Events for consumers](../events.md) has the rules.

${parts.join('\n')}
*This page is made from functions/contract by \`npm run docs\`.*
`;
}

function failures(): string {
  const comments = failureComments();
  const rows = Object.entries(HINTS).map(([code, hint]) => `| \`${code}\` | ${comments.get(code)} | ${hint} |`);
  return `# When there is no model

Every upload ends with a manifest, in the folder where its model would be, and with an event. If there is no model, both
have \`failure: { code, reason, hint }\`: a code for programs, a reason in one plain sentence about this image, and a hint
about what to do.

*Rejected* (\`Upload Rejected\`) means that the image or its metadata cannot be used: nothing was paid. *Failed*
(\`Model Failed\`) means everything else. You can resume a failed run whose job is paid for, without paying again:
\`npx meshdrop redrive RUNID\`.

| code | ends as | when | what to do |
| --- | --- | --- | --- |
${rows.join('\n')}

*This page is made from functions/contract/failures.ts by \`npm run docs\`.*
`;
}
