import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const infra = join(import.meta.dirname, '..', '..', 'infra');

/** What a declaration begins with, and what its comment says. */
interface Member {
  readonly name: string;
  readonly type: string;
  readonly words: string;
  readonly byDefault: string;
}

/**
 * Returns docs/api.md: the construct and its props, from their doc comments.
 *
 * @param plain the text of `infra/settings/plain-props.ts`
 */
export function apiPage(plain: string): string {
  const construct = readFileSync(join(infra, 'image-to-model.ts'), 'utf8');
  const props = [...membersOf(construct, 'interface ImageToModelProps'), ...membersOf(plain, 'interface PlainProps')];
  return `# API

\`\`\`ts
import { ImageToModel } from 'meshdrop';

const meshdrop = new ImageToModel(scope, 'Meshdrop', props);
\`\`\`

## ImageToModel

${commentBefore(construct, 'export class ImageToModel')}

| Property | Type | What it is |
| --- | --- | --- |
${rows(membersOf(construct, 'class ImageToModel').filter(({ name }) => !name.startsWith('private')))}

| Method | What it does |
| --- | --- |
${methodsOf(construct)
  .map(([signature, words]) => `| \`${signature}\` | ${words} |`)
  .join('\n')}

The stack has outputs for the commands of operators: \`UploadBucketName\`, \`AssetBucketName\`, \`EventBusName\`,
\`StateMachineArn\`, \`UploadsQueueUrl\`, \`ScenarioSecretArn\`, and \`RenditionsQueueUrl\`. Each begins with the ID of the
construct.

## ImageToModelProps

All props are optional. An invalid one stops the synthesis with an \`InvalidSettingError\`, which says what is allowed.

| Prop | Type | What it is | Default |
| --- | --- | --- | --- |
${props.map((one) => `| \`${one.name}\` | ${code(one.type)} | ${one.words} | ${one.byDefault} |`).join('\n')}

## ModelParameters

| Parameter | Type | What it is | Default |
| --- | --- | --- | --- |
${membersOf(plain, 'interface ModelParameters')
  .map((one) => `| \`${one.name}\` | ${code(one.type)} | ${one.words} | ${one.byDefault} |`)
  .join('\n')}

*This page is made from the doc comments by \`npm run docs\`.*
`;
}

function rows(members: readonly Member[]): string {
  return members.map(({ name, type, words }) => `| \`${name}\` | ${code(type)} | ${words} |`).join('\n');
}

function code(type: string): string {
  return `\`${type.replaceAll('|', String.raw`\|`)}\``;
}

/** The body of a declaration, up to the brace in the first column. */
function bodyOf(text: string, declaration: string): string {
  return text.split(declaration)[1]?.split('\n}')[0] ?? '';
}

const COMMENT = String.raw`(?:/\*\*\s*((?:(?!\*/)[\s\S])*?)\s*\*/\s+)?`;

function membersOf(text: string, declaration: string): readonly Member[] {
  const found = bodyOf(text, declaration).matchAll(new RegExp(`^  ${COMMENT}readonly (\\w+)\\??:\\s*([^;]+);`, 'gm'));
  return [...found].map(([, comment = '', name = '', type = '']) => {
    const [words = '', byDefault = 'none'] = plainWords(comment).split('@default ');
    return { name, type: type.replaceAll(/\s+/g, ' '), words: words.trim(), byDefault };
  });
}

function methodsOf(text: string): readonly (readonly [string, string])[] {
  const found = bodyOf(text, 'class ImageToModel').matchAll(
    new RegExp(`^  ${COMMENT}(\\w+)\\(([^)]*)\\): [^{]+{`, 'gm'),
  );
  return [...found].map(([, comment = '', name = '', args = '']) => [
    `${name}(${args.replaceAll(/\s*=\s*{}/g, '?').replaceAll(/(\w+): ([\w.]+)\?/g, '$1?: $2')})`,
    plainWords(comment),
  ]);
}

function commentBefore(text: string, declaration: string): string {
  const [, comment = ''] = new RegExp(`${COMMENT}${declaration}`).exec(text) ?? [];
  return plainWords(comment);
}

function plainWords(comment: string): string {
  return comment
    .replaceAll(/\s*\n\s*\*\s*/g, ' ')
    .replace(/^\*\s*/, '')
    .trim();
}
