import type { Document, Material, Texture } from '@gltf-transform/core';
import type { EmissiveStrength } from '@gltf-transform/extensions';
import { zipSync, type Zippable } from 'fflate';
import type { ImageCodec } from './image-codec.ts';
import { type Provenance, provenanceFields } from './provenance.ts';
import { type Part, readParts } from './scene.ts';

/** How the textures of a USDZ are written. */
interface UsdzWish {
  readonly maxSide: number;
  /** From 1 to 100. */
  readonly quality: number;
}

/** From the best to the smallest. Each is tried only if the last one is too large. */
const STEPS: readonly UsdzWish[] = [
  { maxSide: 2048, quality: 85 },
  { maxSide: 1024, quality: 85 },
  { maxSide: 1024, quality: 65 },
  { maxSide: 512, quality: 65 },
];

/**
 * Writes a model as USDZ, for Quick Look on phones: metres, +Y up, in the pose of the file, without animations.
 *
 * @see https://openusd.org/release/spec_usdz.html
 * @see https://openusd.org/release/spec_usdpreviewsurface.html
 */
export function writeUsdz(
  model: Document,
  provenance: Provenance,
  { maxBytes }: { readonly maxBytes: number },
  codec: ImageCodec,
): UsdzFile {
  const parts = readParts(model);
  let smallest: UsdzFile | undefined;
  for (const step of STEPS) {
    const images = new Images(step, codec);
    const scene = toUsda(parts, provenance, images);
    const usdz = pack({ 'scene.usda': new TextEncoder().encode(scene), ...images.files });
    const textures = Object.values(images.files).map((image) => {
      const { width, height } = codec.sizeOf(image);
      return { width, height };
    });
    if (!smallest || usdz.length < smallest.usdz.length) smallest = { usdz, textures };
    if (smallest.usdz.length <= maxBytes || textures.length === 0) break;
  }
  return smallest as UsdzFile;
}

export interface UsdzFile {
  readonly usdz: Uint8Array<ArrayBuffer>;
  /** In pixels. */
  readonly textures: readonly { readonly width: number; readonly height: number }[];
}

/** Writes the images of one file, each once. */
class Images {
  readonly files: Record<string, Uint8Array> = {};
  readonly #paths = new Map<string, string | undefined>();
  readonly #textures = new Map<Texture, number>();
  readonly #wish: UsdzWish;
  readonly #codec: ImageCodec;

  constructor(wish: UsdzWish, codec: ImageCodec) {
    this.#wish = wish;
    this.#codec = codec;
  }

  /** The path of an image in the file. Undefined if there is none, or if it cannot be read. */
  pathOf(texture: Texture | null, withAlpha = false): string | undefined {
    if (!texture) return undefined;
    const number = this.#textures.get(texture) ?? this.#textures.size;
    this.#textures.set(texture, number);
    const id = `${number}${withAlpha ? 'a' : ''}`;
    if (!this.#paths.has(id)) this.#paths.set(id, this.#write(texture, id, withAlpha));
    return this.#paths.get(id);
  }

  #write(texture: Texture, id: string, withAlpha: boolean): string | undefined {
    const file = texture.getImage() ?? new Uint8Array();
    try {
      const format = withAlpha && this.#codec.sizeOf(file).hasAlpha ? 'png' : 'jpeg';
      const path = `textures/${id}.${format === 'png' ? 'png' : 'jpg'}`;
      this.files[path] = this.#codec.encode(file, { ...this.#wish, format });
      return path;
    } catch {
      return undefined;
    }
  }
}

function toUsda(parts: readonly Part[], provenance: Provenance, images: Images): string {
  const materials = [...new Set(parts.map(({ material }) => material))];
  const numberOf = (material: Material | null) => materials.indexOf(material);
  const fields = Object.entries(provenanceFields(provenance)).map(
    ([name, value]) => `        string ${name} = ${quote(value)}`,
  );
  return `#usda 1.0
(
    customLayerData = {
        string creator = "Meshdrop"
${fields.join('\n')}
    }
    defaultPrim = "Model"
    metersPerUnit = 1
    upAxis = "Y"
)

def Xform "Model" (
    kind = "component"
)
{
${parts.map((part, n) => toMesh(part, n, numberOf(part.material))).join('\n')}

    def Scope "Materials"
    {
${materials.map((material, n) => toMaterial(material, n, images)).join('\n')}
    }
}
`;
}

function toMesh(part: Part, number: number, material: number): string {
  const { positions, normals, uvs, colors, indices } = part;
  const faces = indices.length / 3;
  const list = (array: Float32Array, size: number, from = size) => tuples(array, size, from);
  const flipped = uvs?.map((value, n) => (n % 2 === 0 ? value : 1 - value));
  const lines = [
    `int[] faceVertexCounts = [${Array.from({ length: faces }, () => 3).join(', ')}]`,
    `int[] faceVertexIndices = [${indices.join(', ')}]`,
    `point3f[] points = [${list(positions, 3)}]`,
    normals && `normal3f[] normals = [${list(normals, 3)}] (\n            interpolation = "vertex"\n        )`,
    flipped && `texCoord2f[] primvars:st = [${list(flipped, 2)}] (\n            interpolation = "vertex"\n        )`,
    colors &&
      `color3f[] primvars:displayColor = [${list(colors, 3, 4)}] (\n            interpolation = "vertex"\n        )`,
    // Viewers show the colors of vertices only without a material.
    !(colors && !part.material?.getBaseColorTexture()) &&
      `rel material:binding = </Model/Materials/Material_${material}>`,
    `uniform token subdivisionScheme = "none"`,
    part.material?.getDoubleSided() === true && 'uniform bool doubleSided = true',
  ];
  return `    def Mesh "${identifier(part.name)}_${number}" (
        prepend apiSchemas = ["MaterialBindingAPI"]
        displayName = ${quote(part.name)}
    )
    {
        ${lines.filter(Boolean).join('\n        ')}
    }`;
}

/** Six digits are enough for any texture and for a millionth of a metre. */
const digits = (value: number) => String(Number(value.toPrecision(6)));

function tuples(array: Float32Array, size: number, stride: number): string {
  const items: string[] = [];
  for (let i = 0; i < array.length; i += stride)
    items.push(`(${Array.from(array.subarray(i, i + size), digits).join(', ')})`);
  return items.join(', ');
}

/** An input of the surface that comes from a texture. */
interface Read {
  readonly input: string;
  readonly channel: 'rgb' | 'r' | 'g' | 'b' | 'a';
  readonly type: 'color3f' | 'float' | 'normal3f';
}

function toMaterial(material: Material | null, number: number, images: Images): string {
  const path = `/Model/Materials/Material_${number}`;
  const [r, g, b, alpha] = material?.getBaseColorFactor() ?? [1, 1, 1, 1];
  const mode = material?.getAlphaMode() ?? 'OPAQUE';
  const inputs: string[] = [];
  const shaders: string[] = [];
  const plain = (type: string, input: string, value: string) => inputs.push(`${type} inputs:${input} = ${value}`);
  const texture = (name: string, image: string | undefined, space: string, reads: readonly Read[], extra = '') => {
    if (image === undefined) return false;
    for (const { input, channel, type } of reads)
      inputs.push(`${type} inputs:${input}.connect = <${path}/${name}.outputs:${channel}>`);
    shaders.push(textureShader(path, name, image, space, reads, extra));
    return true;
  };
  const scale = (values: readonly number[]) => `float4 inputs:scale = (${values.map(digits).join(', ')})`;
  const seen = mode !== 'OPAQUE';
  const colorReads: Read[] = [{ input: 'diffuseColor', channel: 'rgb', type: 'color3f' }];
  if (seen) colorReads.push({ input: 'opacity', channel: 'a', type: 'float' });
  const isTextured = texture(
    'color',
    images.pathOf(material?.getBaseColorTexture() ?? null, seen),
    'sRGB',
    colorReads,
    scale([r, g, b, alpha]),
  );
  if (!isTextured) plain('color3f', 'diffuseColor', `(${[r, g, b].map(digits).join(', ')})`);
  if (!isTextured && seen) plain('float', 'opacity', digits(alpha));
  if (mode === 'MASK') plain('float', 'opacityThreshold', digits(material?.getAlphaCutoff() ?? 0.5));
  const [metallic, roughness] = [material?.getMetallicFactor() ?? 0, material?.getRoughnessFactor() ?? 0.8];
  const both: Read[] = [
    { input: 'roughness', channel: 'g', type: 'float' },
    { input: 'metallic', channel: 'b', type: 'float' },
  ];
  if (
    !texture(
      'metalRough',
      images.pathOf(material?.getMetallicRoughnessTexture() ?? null),
      'raw',
      both,
      scale([1, roughness, metallic, 1]),
    )
  ) {
    plain('float', 'roughness', digits(roughness));
    plain('float', 'metallic', digits(metallic));
  }
  texture(
    'bumps',
    images.pathOf(material?.getNormalTexture() ?? null),
    'raw',
    [{ input: 'normal', channel: 'rgb', type: 'normal3f' }],
    'float4 inputs:scale = (2, 2, 2, 1)\n                float4 inputs:bias = (-1, -1, -1, 0)',
  );
  texture('occlusion', images.pathOf(material?.getOcclusionTexture() ?? null), 'raw', [
    { input: 'occlusion', channel: 'r', type: 'float' },
  ]);
  const strength = material?.getExtension<EmissiveStrength>('KHR_materials_emissive_strength');
  const emission = (material?.getEmissiveFactor() ?? [0, 0, 0]).map(
    (part) => part * (strength?.getEmissiveStrength() ?? 1),
  );
  if (emission.some((value) => value > 0)) {
    const glow: Read[] = [{ input: 'emissiveColor', channel: 'rgb', type: 'color3f' }];
    if (
      !texture('emission', images.pathOf(material?.getEmissiveTexture() ?? null), 'sRGB', glow, scale([...emission, 1]))
    )
      plain('color3f', 'emissiveColor', `(${emission.map(digits).join(', ')})`);
  }
  return `        def Material "Material_${number}" (
            displayName = ${quote(material?.getName() || `Material ${number}`)}
        )
        {
            token outputs:surface.connect = <${path}/surface.outputs:surface>

            def Shader "surface"
            {
                uniform token info:id = "UsdPreviewSurface"
                ${inputs.join('\n                ')}
                token outputs:surface
            }

${[COORDINATES, ...shaders].join('\n\n')}
        }`;
}

/** Reads the coordinates of the textures. */
const COORDINATES = `            def Shader "st"
            {
                uniform token info:id = "UsdPrimvarReader_float2"
                string inputs:varname = "st"
                float2 outputs:result
            }`;

function textureShader(
  path: string,
  name: string,
  image: string,
  space: string,
  reads: readonly Read[],
  extra: string,
): string {
  const outputs = reads.map(({ channel }) => `${channel === 'rgb' ? 'float3' : 'float'} outputs:${channel}`);
  const lines = [
    'uniform token info:id = "UsdUVTexture"',
    `asset inputs:file = @${image}@`,
    `float2 inputs:st.connect = <${path}/st.outputs:result>`,
    `token inputs:sourceColorSpace = "${space}"`,
    'token inputs:wrapS = "repeat"',
    'token inputs:wrapT = "repeat"',
    extra,
    ...outputs,
  ];
  return `            def Shader "${name}"
            {
                ${lines.filter(Boolean).join('\n                ')}
            }`;
}

function identifier(name: string): string {
  return `Part_${name.replaceAll(/\W+/g, '_')}`.slice(0, 80);
}

function quote(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, (mark) => `\\${mark}`).replaceAll(/[\u0000-\u001f\u007f]/g, ' ')}"`;
}

/** USDZ is a ZIP without compression, in which every file begins at a multiple of 64 bytes. */
const ALIGNMENT = 64;
const LOCAL_HEADER_BYTES = 30;
/** Of a field in a header: its ID and its length. */
const FIELD_BYTES = 4;
/** An ID that no program has reserved. */
const PADDING = 0x1986;

function pack(files: Readonly<Record<string, Uint8Array>>): Uint8Array<ArrayBuffer> {
  const padded: Zippable = {};
  let offset = 0;
  for (const [path, bytes] of Object.entries(files)) {
    const header = offset + LOCAL_HEADER_BYTES + new TextEncoder().encode(path).length + FIELD_BYTES;
    const padding = (ALIGNMENT - (header % ALIGNMENT)) % ALIGNMENT;
    padded[path] = [bytes, { level: 0, mtime: '1980-01-01T00:00:00', extra: { [PADDING]: new Uint8Array(padding) } }];
    offset = header + padding + bytes.length;
  }
  return zipSync(padded);
}
