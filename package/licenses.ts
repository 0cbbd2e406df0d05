import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

const packageShape = z.object({ name: z.string(), version: z.string(), license: z.string().default('see below') });

/** Lists the packages whose code is in the package, with the texts of their licenses. */
export async function licenses(names: readonly string[], project: string): Promise<string> {
  const found = await Promise.all(names.map((name) => licenseOf(join(project, 'node_modules', name))));
  const rows = found.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`);
  const texts = new Map<string, string[]>();
  for (const { name, text } of found) texts.set(text, [...(texts.get(text) ?? []), name]);
  const parts = [...texts]
    .filter(([text]) => text !== '')
    .map(([text, owners]) => `## ${owners.join(', ')}\n\n${text}`);
  return `# Licenses of what is bundled

Meshdrop itself has the license [Apache-2.0](LICENSE). Its bundles contain code of these packages:

| package | version | license |
| --- | --- | --- |
${rows.join('\n')}

${parts.join('\n\n')}
`;
}

async function licenseOf(folder: string) {
  const { name, version, license } = packageShape.parse(
    JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')),
  );
  const [file] = await Array.fromAsync(glob('{LICENSE,LICENCE,License,license}{,.md,.txt}', { cwd: folder }));
  const text = file === undefined ? '' : await readFile(join(folder, file), 'utf8');
  return { name, version, license, text: text.trim().replaceAll(/^#+ /gm, '') };
}
