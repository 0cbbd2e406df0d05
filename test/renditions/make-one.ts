import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { validateBytes } from 'gltf-validator';
import { NodeIO } from '@gltf-transform/core';
import { ALL_EXTENSIONS } from '@gltf-transform/extensions';
import { MeshoptDecoder } from 'meshoptimizer';
import type { RenditionName } from '../../functions/contract/options.ts';
import { makeFiles, type MadeRenditions, type RenditionsWish } from '../../functions/renditions/make-files.ts';
import { createRenditionTools } from '../../functions/renditions/rendition-tools.ts';
import { CORPUS } from './corpus/corpus.ts';

/** What became of one model of the corpus. */
export interface Outcome {
  readonly name: string;
  readonly seconds: number;
  readonly peakMegabytes: number;
  readonly sourceBytes: number;
  readonly sourceTriangles: number | undefined;
  readonly isOriginalUntouched: boolean;
  readonly bytes: Partial<Record<RenditionName, number>>;
  readonly triangles: number | undefined;
  readonly errors: readonly string[];
  readonly missing: MadeRenditions['missing'];
  readonly silhouette: number | undefined;
  readonly colorDifference: number | undefined;
  readonly failed: readonly string[];
  readonly notes: readonly string[];
}

const EXTENSIONS = {
  web: 'web.glb',
  plain: 'plain.glb',
  ar: 'usdz',
  poster: 'poster.webp',
  turntable: 'turntable.webp',
} as const satisfies Record<RenditionName, string>;

export const WISH: RenditionsWish = {
  names: ['web', 'plain', 'ar', 'poster', 'turntable'],
  maxTriangles: 100_000,
  maxBytes: 5_000_000,
  background: undefined,
  isReal: false,
  provenance: { modelId: 'model_tripo-v3-1-image-to-3d', runId: 'corpus-1', imageSha256: 'ab'.repeat(32) },
};

/** Makes the renditions of one file, checks them with the Khronos validator, and measures. */
async function makeOne(name: string, glb: Uint8Array, folder?: string): Promise<Outcome> {
  const before = sha256(glb);
  const start = performance.now();
  const made = await makeFiles(glb, WISH, await createRenditionTools());
  const seconds = (performance.now() - start) / 1000;
  // In kilobytes.
  const peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  const errors: string[] = [];
  for (const { role, contentType, bytes } of made.files) {
    if (contentType !== 'model/gltf-binary') continue;
    errors.push(...(await errorsOf(role, bytes)));
    if (role === 'web') errors.push(...(await errorsOf(`${role}, decoded`, await decoded(bytes))));
  }
  errors.push(...unsigned(made.files));
  if (folder !== undefined) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${name}.glb`), glb);
    for (const { role, bytes } of made.files) await writeFile(join(folder, `${name}.${EXTENSIONS[role]}`), bytes);
  }
  const original = made.certificates.find(({ of }) => of === 'original');
  const factOf = (rule: string) => original?.rules.find((one) => one.rule === rule)?.value;
  return {
    name,
    seconds: Number(seconds.toFixed(2)),
    peakMegabytes,
    sourceBytes: glb.length,
    sourceTriangles: Number(factOf('triangles')) || undefined,
    isOriginalUntouched: sha256(glb) === before,
    bytes: Object.fromEntries(made.files.map(({ role, bytes }) => [role, bytes.length])),
    triangles: made.files.find(({ role }) => role === 'web')?.facts?.triangles,
    errors,
    missing: made.missing,
    silhouette: made.fidelity?.silhouette.worst,
    colorDifference: made.fidelity?.colorDifference,
    failed: made.certificates
      .filter(({ of, passed }) => of !== 'original' && !passed)
      .map(
        ({ profile, of, rules }) =>
          `${profile} ${of}: ${rules
            .filter(({ passed }) => !passed)
            .map(({ rule, value }) => `${rule} ${value}`)
            .join('; ')}`,
      ),
    notes: made.notes,
  };
}

async function errorsOf(what: string, glb: Uint8Array): Promise<string[]> {
  const { issues } = (await validateBytes(glb, { format: 'glb', maxIssues: 50 })) as {
    readonly issues: {
      readonly messages: readonly { readonly severity: number; readonly code: string; readonly pointer?: string }[];
    };
  };
  return issues.messages
    .filter(({ severity }) => severity === 0)
    .map(({ code, pointer }) => `${what}: ${code} ${pointer}`);
}

/** Models that don't say that AI has made them. The scene of a USDZ is text, and not compressed. */
function unsigned(files: MadeRenditions['files']): string[] {
  const models = files.filter(({ contentType }) => contentType.startsWith('model/'));
  const signs = ['trainedAlgorithmicMedia', ...Object.values(WISH.provenance)].map(String);
  return models.flatMap(({ role, bytes }) => {
    const text = Buffer.from(bytes).toString('latin1');
    return signs.filter((sign) => !text.includes(sign)).map((sign) => `${role} does not say ${sign}`);
  });
}

/** The validator doesn't look into compressed geometry. */
async function decoded(glb: Uint8Array): Promise<Uint8Array> {
  await MeshoptDecoder.ready;
  const io = new NodeIO()
    .registerExtensions(ALL_EXTENSIONS)
    .registerDependencies({ 'meshopt.decoder': MeshoptDecoder });
  const document = await io.readBinary(glb);
  document
    .getRoot()
    .listExtensionsUsed()
    .find(({ extensionName }) => extensionName === 'EXT_meshopt_compression')
    ?.dispose();
  return io.writeBinary(document);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

if (import.meta.main) {
  const [name = '', folder] = process.argv.slice(2);
  const sample = CORPUS.find((one) => one.name === name);
  if (!sample) throw new Error(`there is no model ${name}`);
  process.stdout.write(`${JSON.stringify(await makeOne(name, await sample.make(), folder))}\n`);
}
