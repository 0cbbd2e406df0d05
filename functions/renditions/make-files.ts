import type { Document } from '@gltf-transform/core';
import type { RenditionName } from '../contract/options.ts';
import { type ProfileName, profileSchema } from '../contract/renditions.ts';
import { MAX_SOURCE_BYTES, MAX_TRIANGLES } from './bounds.ts';
import { type Certificate, certify, type FileFacts } from './certificate.ts';
import { compareViews, drawViews, type Fidelity, MIN_SILHOUETTE } from './fidelity.ts';
import type { LoadDraco } from './gltf-io.ts';
import type { ImageCodec } from './image-codec.ts';
import { type Background, drawPoster, drawTurntable } from './pictures.ts';
import { type Placement, placeModel, type SizeWish } from './place.ts';
import { type Provenance, signModel } from './provenance.ts';
import { readModel } from './read-model.ts';
import { rebuildModel } from './rebuild-model.ts';
import { type Box, boxAround, countTriangles, readParts } from './scene.ts';
import { simplifyModel } from './simplify-model.ts';
import { createSurfaces } from './surface.ts';
import type { Pixels } from './texture.ts';
import { writeUsdz } from './usdz.ts';
import { writeWeb } from './web.ts';

/** What to make of a model. */
export interface RenditionsWish extends SizeWish {
  readonly names: readonly RenditionName[];
  readonly maxTriangles: number;
  /** Of `web` and `plain`. */
  readonly maxBytes: number;
  readonly background: Background;
  readonly provenance: Provenance;
  /** An image that becomes the poster if the model cannot be read. */
  readonly preview?: Uint8Array | undefined;
}

export interface MadeFile {
  readonly role: RenditionName;
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Only of models. */
  readonly facts?: FileFacts;
}

interface MadeCertificate extends Certificate {
  readonly profile: ProfileName;
  readonly of: 'original' | RenditionName;
}

export interface MadeRenditions {
  readonly files: readonly MadeFile[];
  readonly missing: readonly { readonly role: RenditionName; readonly reason: string }[];
  readonly placement?: Placement | undefined;
  readonly certificates: readonly MadeCertificate[];
  /** Of the smallest model against the original. */
  readonly fidelity?: Fidelity | undefined;
  /** What is different from the original, one plain sentence each. */
  readonly notes: readonly string[];
}

export interface RenditionTools {
  readonly codec: ImageCodec;
  /** Counts the errors that the Khronos validator finds. */
  readonly countErrors: (glb: Uint8Array) => Promise<number>;
  readonly loadDraco: LoadDraco;
}

const MAX_USDZ_BYTES = 10_000_000;
const MAX_TURNTABLE_BYTES = 1_000_000;
/** USDZ is text, so a triangle takes more space. Tried in this order if the file is too large. */
const USDZ_TRIANGLES = [60_000, 30_000, 15_000] as const;
/** The renditions that are models. The others are pictures. */
const MODELS = ['web', 'plain', 'ar'] as const;
/** With fewer, nothing becomes smaller. */
const MIN_TRIANGLES = 500;
const [POSTER_TEXTURE_SIDE, COMPARED_TEXTURE_SIDE] = [1024, 256];

/** The validator would take too long for a larger file. */
const MAX_VALIDATED_BYTES = 64_000_000;

/** Makes the renditions of a model. Whatever cannot be made is listed with the reason, and never stops the others. */
export async function makeFiles(glb: Uint8Array, wish: RenditionsWish, tools: RenditionTools): Promise<MadeRenditions> {
  try {
    if (glb.length > MAX_SOURCE_BYTES)
      throw new Error(`it is larger than ${MAX_SOURCE_BYTES.toLocaleString('en')} bytes`);
    const errors = glb.length > MAX_VALIDATED_BYTES ? 0 : await tools.countErrors(glb).catch(() => 1);
    const maker = new Maker(glb.length, await readModel(glb, tools.loadDraco), wish, tools);
    if (errors > 0) maker.note('the Khronos validator finds errors in the original, which the renditions do not have');
    return await maker.make();
  } catch (error) {
    return makeFromPreview(`the model cannot be read: ${messageOf(error)}`, wish, tools);
  }
}

/** Without a readable model, the poster shows the preview that Scenario made. */
export function makeFromPreview(
  reason: string,
  { names, preview }: Pick<RenditionsWish, 'names' | 'preview'>,
  { codec }: Pick<RenditionTools, 'codec'>,
): MadeRenditions {
  const files: MadeFile[] = [];
  const notes: string[] = [];
  if (preview && names.includes('poster'))
    try {
      files.push({ role: 'poster', contentType: 'image/webp', bytes: codec.toWebp(codec.decode(preview, 1024), 85) });
      notes.push('the poster shows the preview that Scenario made');
    } catch {
      notes.push('the preview cannot be decoded either');
    }
  const made = new Set(files.map(({ role }) => role));
  const missing = names.filter((role) => !made.has(role)).map((role) => ({ role, reason }));
  return { files, missing, certificates: [], notes };
}

class Maker {
  readonly #model: Document;
  readonly #wish: RenditionsWish;
  readonly #tools: RenditionTools;
  readonly #files: MadeFile[] = [];
  readonly #missing: { role: RenditionName; reason: string }[] = [];
  readonly #certificates: MadeCertificate[] = [];
  readonly #notes: string[] = [];
  readonly #original: FileFacts;
  readonly #placement: Placement;
  readonly #box: Box;
  #fidelity: Fidelity | undefined;
  /** The views of the original. */
  #views: readonly Pixels[] | undefined;

  constructor(bytes: number, model: Document, wish: RenditionsWish, tools: RenditionTools) {
    this.#model = model;
    this.#wish = wish;
    this.#tools = tools;
    this.#original = this.#factsOf(bytes, model);
    this.#placement = placeModel(model, wish);
    signModel(model, wish.provenance);
    this.#box = boxAround(readParts(model)) as Box;
  }

  async make(): Promise<MadeRenditions> {
    for (const profile of profileSchema.options) this.#certify(profile, 'original', this.#original);
    this.#draw();
    if (this.#original.triangles > MAX_TRIANGLES) this.#refuseModels();
    else await this.#makeModels();
    if (this.#placement.sizeFrom === 'fitted')
      this.#notes.push('its real size is unknown, so its longest side is one metre');
    return {
      files: this.#files,
      missing: this.#missing,
      placement: this.#placement,
      certificates: this.#certificates,
      fidelity: this.#fidelity,
      notes: this.#notes,
    };
  }

  #wants(role: RenditionName): boolean {
    return this.#wish.names.includes(role);
  }

  #draw(): void {
    if (!this.#wants('poster') && !this.#wants('turntable')) return;
    const { codec } = this.#tools;
    const { background } = this.#wish;
    const drawn = createSurfaces(codec, POSTER_TEXTURE_SIDE, 'lit')(readParts(this.#model));
    this.#try('poster', 'image/webp', () => drawPoster(drawn, this.#box, background, codec));
    const limit = { background, maxBytes: MAX_TURNTABLE_BYTES };
    this.#try('turntable', 'image/webp', () => drawTurntable(drawn, this.#box, limit, codec));
  }

  #try(role: RenditionName, contentType: string, make: () => Uint8Array<ArrayBuffer>): void {
    if (!this.#wants(role)) return;
    try {
      this.#files.push({ role, contentType, bytes: make() });
    } catch (error) {
      this.#missing.push({ role, reason: messageOf(error) });
    }
  }

  #refuseModels(): void {
    const { triangles } = this.#original;
    const reason = `the model draws ${triangles.toLocaleString('en')} triangles, and at most ${MAX_TRIANGLES.toLocaleString('en')} can be made smaller`;
    for (const role of MODELS) if (this.#wants(role)) this.#missing.push({ role, reason });
  }

  async #makeModels(): Promise<void> {
    if (!MODELS.some((role) => this.#wants(role))) return;
    const light = await this.#simplify();
    for (const role of ['web', 'plain'] as const) if (this.#wants(role)) await this.#makeWeb(role, light);
    if (this.#wants('ar')) await this.#makeUsdz(light);
  }

  /** Takes more triangles than the budget if the model would not look like itself any more. */
  async #simplify(): Promise<Document> {
    const { maxTriangles } = this.#wish;
    for (let budget = maxTriangles; ; budget *= 2) {
      const light = await simplifyModel(this.#model, budget);
      const fidelity = this.#compare(light);
      this.#fidelity = fidelity;
      const isEnough = fidelity.silhouette.worst >= MIN_SILHOUETTE || budget >= this.#original.triangles;
      if (!isEnough) continue;
      const triangles = countTriangles(light);
      if (triangles > maxTriangles) {
        const why = budget > maxTriangles ? 'with fewer, its outline would change' : 'it cannot be simplified further';
        const [has, limit] = [triangles.toLocaleString('en'), maxTriangles.toLocaleString('en')];
        this.#notes.push(`the model has ${has} triangles instead of ${limit}: ${why}`);
      }
      return light;
    }
  }

  #compare(model: Document): Fidelity {
    this.#views ??= this.#viewsOf(this.#model);
    return compareViews(this.#views, this.#viewsOf(model));
  }

  #viewsOf(model: Document): readonly Pixels[] {
    const surfaces = createSurfaces(this.#tools.codec, COMPARED_TEXTURE_SIDE, 'flat');
    return drawViews(surfaces(readParts(model)), this.#box);
  }

  async #makeWeb(role: 'web' | 'plain', light: Document): Promise<void> {
    try {
      const { codec, countErrors } = this.#tools;
      const wish = { maxBytes: this.#wish.maxBytes, compressed: role === 'web' };
      // Only an extension can turn a texture. Rebuilt, its coordinates are turned instead.
      const isTurned = usesExtension(light, 'KHR_texture_transform');
      let file = await writeWeb(role === 'plain' && isTurned ? rebuildModel(light) : light, wish, codec);
      if (file.glb.length > wish.maxBytes) file = (await this.#shrink(light, wish)) ?? file;
      if ((await countErrors(file.glb)) > 0) {
        file = await writeWeb(rebuildModel(light), wish, codec);
        if ((await countErrors(file.glb)) > 0) throw new Error('the Khronos validator finds errors in it');
        this.#notes.push(`${role} has no skins, animations, and extensions, because those of the model are damaged`);
      }
      for (const name of file.brokenTextures) this.note(`the texture ${name} cannot be read and is left out`);
      const written = await readModel(file.glb, this.#tools.loadDraco);
      const facts = this.#factsOf(file.glb.length, written);
      // What viewers get: with its small textures, and rounded by the compression.
      if (role === 'web') this.#fidelity = this.#compare(written);
      if (facts.bytes > this.#wish.maxBytes)
        this.note(
          `${role} has ${facts.bytes.toLocaleString('en')} bytes, more than the limit, even with small textures`,
        );
      this.#add({ role, contentType: 'model/gltf-binary', bytes: file.glb, facts }, ['khronos', 'shopify', 'amazon']);
    } catch (error) {
      this.#missing.push({ role, reason: messageOf(error) });
    }
  }

  /** Halves the triangles of a file that is too large, as long as it looks like itself. Undefined if that is not enough. */
  async #shrink(light: Document, wish: Parameters<typeof writeWeb>[1]) {
    for (let triangles = countTriangles(light) / 2; triangles >= MIN_TRIANGLES; triangles /= 2) {
      const model = await simplifyModel(light, triangles);
      const fidelity = this.#compare(model);
      if (fidelity.silhouette.worst < MIN_SILHOUETTE) return undefined;
      const file = await writeWeb(model, wish, this.#tools.codec);
      if (file.glb.length <= wish.maxBytes) return file;
    }
    return undefined;
  }

  async #makeUsdz(light: Document): Promise<void> {
    try {
      const limit = { maxBytes: MAX_USDZ_BYTES };
      let model = light;
      let file = writeUsdz(model, this.#wish.provenance, limit, this.#tools.codec);
      for (const triangles of USDZ_TRIANGLES) {
        if (file.usdz.length <= MAX_USDZ_BYTES) break;
        model = await simplifyModel(light, triangles);
        file = writeUsdz(model, this.#wish.provenance, limit, this.#tools.codec);
      }
      const { usdz, textures } = file;
      const facts = { ...this.#factsOf(usdz.length, model), textures };
      if (usdz.length > MAX_USDZ_BYTES)
        this.note(`ar has ${usdz.length.toLocaleString('en')} bytes, more than phones load reliably`);
      this.#add({ role: 'ar', contentType: 'model/vnd.usdz+zip', bytes: usdz, facts }, ['ar']);
    } catch (error) {
      this.#missing.push({ role: 'ar', reason: messageOf(error) });
    }
  }

  #add(file: MadeFile & { readonly facts: FileFacts }, profiles: readonly ProfileName[]): void {
    this.#files.push(file);
    for (const profile of profiles) this.#certify(profile, file.role, file.facts);
  }

  #certify(profile: ProfileName, of: MadeCertificate['of'], facts: FileFacts): void {
    this.#certificates.push({ profile, of, ...certify(facts, profile) });
  }

  note(sentence: string): void {
    if (!this.#notes.includes(sentence)) this.#notes.push(sentence);
  }

  #factsOf(bytes: number, model: Document): FileFacts {
    const parts = readParts(model);
    const { min, max } = boxAround(parts) ?? { min: [0, 0, 0], max: [0, 0, 0] };
    const textures = model
      .getRoot()
      .listTextures()
      .flatMap((texture) => {
        try {
          const { width, height } = this.#tools.codec.sizeOf(texture.getImage() ?? new Uint8Array());
          return [{ width, height }];
        } catch {
          return [];
        }
      });
    return {
      bytes,
      triangles: countTriangles(model),
      materials: new Set(parts.map(({ material }) => material)).size,
      textures,
      size: [max[0] - min[0], max[1] - min[1], max[2] - min[2]],
      base: [(min[0] + max[0]) / 2, min[1], (min[2] + max[2]) / 2],
    };
  }
}

function usesExtension(model: Document, name: string): boolean {
  return model
    .getRoot()
    .listExtensionsUsed()
    .some(({ extensionName }) => extensionName === name);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
