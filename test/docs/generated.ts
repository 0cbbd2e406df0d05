import { FAILURES } from '../../functions/contract/failures.ts';
import { sampleEvents, sampleManifests } from './event-samples.ts';
import { publishedSchemas } from './event-schemas.ts';

/** What the documents under docs/ say that the code knows better: path and text. */
export function generatedDocuments(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/failures.md', failures()],
    ...jsonFiles(publishedSchemas(), 'schema.json'),
    ...jsonFiles(sampleEvents(), 'sample.json'),
    ...jsonFiles(sampleManifests(), 'sample.json'),
  ]);
}

function jsonFiles(values: ReadonlyMap<string, unknown>, ending: string): readonly [string, string][] {
  return [...values].map(([name, value]) => [
    `docs/events/${name}.${ending}`,
    `${JSON.stringify(value, null, 2)}\n`,
  ]);
}

function failures(): string {
  const rows = Object.entries(FAILURES).map(
    ([code, { status, when, hint }]) => `| \`${code}\` | ${status} | ${when} | ${hint} |`,
  );
  return `# When there is no model

Every image gets an answer: a manifest beside where its model would be, and an event. When there is no model, both carry
\`failure: { code, reason, hint }\`: the code for programs, the reason in one plain sentence with the figures of this very
image, and a hint what to do.

*Rejected* (\`Upload Rejected\`) means that the image or what was said about it can not be used: nothing was paid. *Failed*
(\`Model Failed\`) means everything else. A failed run whose job was paid can be resumed without paying again: \`npm run redrive -- RUNID\`.

| code | ends as | when | what to do |
| --- | --- | --- | --- |
${rows.join('\n')}

*This page is made from functions/contract/failures.ts by \`npm run docs\`.*
`;
}
