import {
  EXTMeshGPUInstancing,
  EXTTextureWebP,
  KHRDracoMeshCompression,
  KHRMaterialsEmissiveStrength,
  KHRMaterialsUnlit,
  KHRTextureTransform,
} from '@gltf-transform/extensions';
import { meshopt, quantize } from '@gltf-transform/functions';
import { MeshoptEncoder } from 'meshoptimizer';
import { createModel, editJson, type Model, toGlb } from './build.ts';
import { paint } from './images.ts';
import { faceted, ring, seeded, type Shape, sheet, stone, vase } from './shapes.ts';

/** A model of the corpus. Its file is always the same. */
export interface Sample {
  readonly name: string;
  /** Whether it is one of the few that every test run makes. */
  readonly isCore?: boolean;
  readonly make: () => Promise<Uint8Array<ArrayBuffer>>;
}

type Fill = (model: Model) => Promise<void> | void;

function sample(name: string, fill: Fill, options: { readonly isCore?: boolean } = {}): Sample {
  return {
    name,
    ...options,
    make: async () => {
      const model = createModel();
      await fill(model);
      return toGlb(model.document);
    },
  };
}

const wooden = async (model: Model, side = 1024) =>
  model.document
    .createMaterial('wood')
    .setRoughnessFactor(0.7)
    .setMetallicFactor(0)
    .setBaseColorTexture(model.texture('wood', await paint({ width: side })));

const painted = ({ document }: Model, color: readonly [number, number, number, number] = [0.7, 0.3, 0.2, 1]) =>
  document
    .createMaterial('paint')
    .setBaseColorFactor([...color])
    .setMetallicFactor(0)
    .setRoughnessFactor(0.5);

const SHAPES = { stone, ring, sheet, vase } as const;

/** As a generator makes them: one mesh, one material, three textures. */
const plainOnes = Object.entries(SHAPES).flatMap(([name, shape]) =>
  [1_000, 20_000, 100_000, 250_000].map((triangles) =>
    sample(
      `${name}-${triangles}`,
      async (model) => void model.node(name, model.primitive(shape(triangles), await wooden(model))),
      {
        isCore: name === 'vase' && triangles === 20_000,
      },
    ),
  ),
);

const generated = (triangles: number, side: number) =>
  sample(`generated-${triangles}-${side}`, async (model) => {
    const material = (await wooden(model, side))
      .setNormalTexture(model.texture('bumps', await paint({ width: side, kind: 'normal' })))
      .setMetallicRoughnessTexture(model.texture('gloss', await paint({ width: side, kind: 'noise', format: 'jpeg' })));
    model.node('model', model.primitive(stone(triangles, 0.15), material));
  });

const fromNoise = (seed: number, triangles: number) =>
  sample(`rough-${seed}-${triangles}`, async (model) => {
    const random = seeded(seed);
    const shape = stone(triangles, 0.05 + 0.3 * random());
    shape.positions.forEach((value, n) => {
      shape.positions[n] = value * (1 + 0.004 * (random() - 0.5));
    });
    model.node('rough', model.primitive(shape, await wooden(model, 512)));
  });

const scaled = (name: string, factor: number) =>
  sample(
    name,
    async (model) =>
      void model.node(name, model.primitive(ring(5_000), await wooden(model, 512))).setScale([factor, factor, factor]),
  );

const textured = (name: string, wish: Parameters<typeof paint>[0], mimeType: string) =>
  sample(`texture-${name}`, async (model) => {
    if (wish.format === 'webp') model.document.createExtension(EXTTextureWebP).setRequired(true);
    const material = painted(model, [1, 1, 1, 1]).setBaseColorTexture(model.texture(name, await paint(wish), mimeType));
    model.node(name, model.primitive(stone(5_000), material));
  });

function many(model: Model, count: number, shape: Shape, place: (n: number) => [number, number, number]): void {
  const primitive = model.primitive(shape, painted(model));
  const mesh = model.document.createMesh('shared').addPrimitive(primitive);
  for (let n = 0; n < count; n += 1)
    model.scene.addChild(model.document.createNode(`copy ${n}`).setMesh(mesh).setTranslation(place(n)));
}

function withSkin(model: Model): void {
  const shape = vase(8_000);
  const primitive = model.primitive(shape, painted(model));
  const count = shape.positions.length / 3;
  const [joints, weights] = [new Uint8Array(count * 4), new Float32Array(count * 4)];
  for (let n = 0; n < count; n += 1) {
    const high = Math.min(1, Math.max(0, shape.positions[n * 3 + 1] ?? 0));
    joints.set([0, 1, 0, 0], n * 4);
    weights.set([1 - high, high, 0, 0], n * 4);
  }
  primitive
    .setAttribute('JOINTS_0', model.accessor('VEC4', joints))
    .setAttribute('WEIGHTS_0', model.accessor('VEC4', weights));
  const identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const lower = model.document.createNode('lower');
  const upper = model.document.createNode('upper').setRotation([0, 0, Math.sin(0.3), Math.cos(0.3)]);
  lower.addChild(upper);
  model.scene.addChild(lower);
  const bind = model.accessor('MAT4', new Float32Array([...identity, ...identity]));
  const skin = model.document.createSkin('skin').addJoint(lower).addJoint(upper).setInverseBindMatrices(bind);
  model.node('bent', primitive).setSkin(skin);
  const times = model.accessor('SCALAR', new Float32Array([0, 1]));
  const turns = model.accessor('VEC4', new Float32Array([0, 0, 0, 1, 0, 0, Math.sin(0.5), Math.cos(0.5)]));
  const sampler = model.document.createAnimationSampler().setInput(times).setOutput(turns);
  const channel = model.document
    .createAnimationChannel()
    .setTargetNode(upper)
    .setTargetPath('rotation')
    .setSampler(sampler);
  model.document.createAnimation('bend').addSampler(sampler).addChannel(channel);
}

function withMorph(model: Model): void {
  const shape = stone(10_000);
  const offsets = shape.positions.map((value, n) => (n % 3 === 1 ? value * 0.6 : 0));
  const primitive = model.primitive(shape, painted(model));
  primitive.addTarget(
    model.document.createPrimitiveTarget('tall').setAttribute('POSITION', model.accessor('VEC3', offsets)),
  );
  model.node('grows', primitive).getMesh()?.setWeights([0.5]);
}

const special: readonly Sample[] = [
  sample('no-material', (model) => void model.node('bare', model.primitive(ring(2_000), null, { uvs: false }))),
  sample(
    'no-normals',
    (model) => void model.node('flat', model.primitive(stone(2_000), painted(model), { normals: false, uvs: false })),
  ),
  sample(
    'no-uvs',
    (model) => void model.node('plain', model.primitive(stone(150_000), painted(model), { uvs: false })),
  ),
  sample('eight-materials', (model) => {
    const colors = [0, 1, 2, 3, 4, 5, 6, 7].map(
      (n) => [(n % 2) * 0.9, ((n >> 1) % 2) * 0.9, (n >> 2) * 0.9, 1] as const,
    );
    colors.forEach((color, n) =>
      model.node(`part ${n}`, model.primitive(ring(20_000), painted(model, [...color]))).setTranslation([n, 0, 0]),
    );
  }),
  sample(
    'vertex-colors',
    (model) => {
      const shape = stone(30_000);
      const primitive = model.primitive(shape, painted(model, [1, 1, 1, 1]), { uvs: false });
      const colors = Float32Array.from({ length: (shape.positions.length / 3) * 4 }, (_, n) =>
        n % 4 === 3 ? 1 : 0.5 + (shape.positions[Math.floor(n / 4) * 3 + (n % 4)] ?? 0),
      );
      primitive.setAttribute('COLOR_0', model.accessor('VEC4', colors));
      model.node('colors', primitive);
    },
    { isCore: true },
  ),
  sample(
    'alpha-mask',
    async (model) => {
      const file = await paint({ width: 512, kind: 'holes', format: 'png' });
      const material = painted(model, [1, 1, 1, 1]).setAlphaMode('MASK').setDoubleSided(true);
      model.node(
        'lattice',
        model.primitive(vase(20_000), material.setBaseColorTexture(model.texture('holes', file, 'image/png'))),
      );
    },
    { isCore: true },
  ),
  sample('alpha-blend', async (model) => {
    const file = await paint({ width: 512, kind: 'glass', format: 'png' });
    const material = painted(model, [1, 1, 1, 1]).setAlphaMode('BLEND');
    model.node(
      'glass',
      model.primitive(vase(20_000), material.setBaseColorTexture(model.texture('glass', file, 'image/png'))),
    );
    model
      .node('inside', model.primitive(stone(2_000), painted(model)))
      .setScale([0.3, 0.3, 0.3])
      .setTranslation([0, 0.5, 0]);
  }),
  sample(
    'blend-factor',
    (model) =>
      void model.node(
        'ghost',
        model.primitive(stone(5_000), painted(model, [0.2, 0.8, 0.4, 0.4]).setAlphaMode('BLEND')),
      ),
  ),
  sample('emissive', (model) => {
    const strength = model.document
      .createExtension(KHRMaterialsEmissiveStrength)
      .createEmissiveStrength()
      .setEmissiveStrength(4);
    const material = painted(model)
      .setEmissiveFactor([1, 0.6, 0.1])
      .setExtension('KHR_materials_emissive_strength', strength);
    model.node('lamp', model.primitive(stone(5_000), material));
  }),
  sample('unlit', (model) => {
    const unlit = model.document.createExtension(KHRMaterialsUnlit).createUnlit();
    model.node('poster', model.primitive(sheet(500), painted(model).setExtension('KHR_materials_unlit', unlit)));
  }),
  sample('texture-transform', async (model) => {
    const material = await wooden(model, 512);
    const transform = model.document
      .createExtension(KHRTextureTransform)
      .createTransform()
      .setScale([3, 2])
      .setRotation(0.4)
      .setOffset([0.1, 0.2]);
    material.getBaseColorTextureInfo()?.setExtension('KHR_texture_transform', transform);
    model.node('turned', model.primitive(stone(5_000), material));
  }),
  sample('second-uv-set', async (model) => {
    const shape = stone(5_000);
    const material = await wooden(model, 512);
    material.getBaseColorTextureInfo()?.setTexCoord(1);
    const primitive = model.primitive(shape, material).setAttribute(
      'TEXCOORD_1',
      model.accessor(
        'VEC2',
        shape.uvs.map((value) => value * 2),
      ),
    );
    model.node('second', primitive);
  }),
  sample('skin', withSkin, { isCore: true }),
  sample('morph', withMorph),
  sample('instances', (model) => many(model, 60, stone(3_000), (n) => [(n % 8) * 1.2, Math.floor(n / 8) * 1.2, 0]), {
    isCore: true,
  }),
  sample('gpu-instances', (model) => {
    const places = new Float32Array(40 * 3).map((_, n) => (n % 3 === 0 ? Math.floor(n / 3) : 0));
    const batch = model.document
      .createExtension(EXTMeshGPUInstancing)
      .setRequired(true)
      .createInstancedMesh()
      .setAttribute('TRANSLATION', model.accessor('VEC3', places));
    model.node('row', model.primitive(stone(2_000), painted(model))).setExtension('EXT_mesh_gpu_instancing', batch);
  }),
  sample('negative-scale', async (model) => {
    model.node('left', model.primitive(vase(20_000), await wooden(model, 512))).setTranslation([-0.5, 0, 0]);
    model
      .node('right', model.primitive(vase(20_000), painted(model)))
      .setTranslation([0.5, 0, 0])
      .setScale([-1, 1, 1]);
  }),
  sample('far-apart', (model) => many(model, 2, stone(80_000), (n) => [n * 200, 0, 0])),
  sample('small-beside-large', (model) => {
    model.node('large', model.primitive(stone(150_000), painted(model)));
    model
      .node('small', model.primitive(ring(2_000), painted(model)))
      .setScale([0.05, 0.05, 0.05])
      .setTranslation([0.7, 0, 0]);
  }),
  sample('many-parts', (model) => {
    for (let n = 0; n < 400; n += 1)
      model
        .node(`part ${n}`, model.primitive(ring(600), painted(model)))
        .setTranslation([(n % 20) * 0.5, Math.floor(n / 20) * 0.5, 0]);
  }),
  sample('two-scenes', (model) => {
    model.node('shown', model.primitive(stone(5_000), painted(model)));
    const other = model.document.createScene('other');
    other.addChild(
      model.document
        .createNode('hidden')
        .setMesh(model.document.createMesh('hidden').addPrimitive(model.primitive(ring(5_000), painted(model)))),
    );
  }),
  sample('deep-nodes', (model) => {
    let parent = model.node('top', model.primitive(stone(2_000), painted(model)));
    for (let n = 0; n < 300; n += 1) {
      const child = model.document.createNode(`level ${n}`).setTranslation([0.01, 0, 0]);
      parent.addChild(child);
      parent = child;
    }
    parent.setMesh(model.document.createMesh('end').addPrimitive(model.primitive(ring(1_000), painted(model))));
  }),
  sample(
    'faceted',
    (model) => void model.node('cut', model.primitive(faceted(stone(60_000)), painted(model), { uvs: false })),
  ),
  sample(
    'faceted-large',
    (model) => void model.node('cut', model.primitive(faceted(stone(300_000)), painted(model), { uvs: false })),
  ),
  sample(
    'faceted-textured',
    async (model) => void model.node('cut', model.primitive(faceted(vase(200_000)), await wooden(model))),
  ),
  sample('strip', (model) => {
    const { positions, normals } = sheet(2, 0);
    const primitive = model.document
      .createPrimitive()
      .setMode(5)
      .setAttribute('POSITION', model.accessor('VEC3', positions.subarray(0, 12)))
      .setAttribute('NORMAL', model.accessor('VEC3', normals.subarray(0, 12)));
    model.node('strip', primitive.setIndices(model.accessor('SCALAR', new Uint16Array([0, 1, 2, 3]))));
  }),
  sample('points-and-triangles', (model) => {
    model.node('stone', model.primitive(stone(2_000), painted(model)));
    const points = model.document
      .createPrimitive()
      .setMode(0)
      .setAttribute('POSITION', model.accessor('VEC3', stone(200).positions));
    model.node('points', points);
  }),
  sample(
    'names',
    (model) =>
      void model.node('Löwe "1"\\ 猫\u0007', model.primitive(stone(1_000), painted(model).setName('Lack "rot"'))),
  ),
  sample(
    'thin',
    (model) =>
      void model
        .node('thin', model.primitive(sheet(120_000, 0.3), painted(model).setDoubleSided(true)))
        .setScale([1, 1, 0.01]),
  ),
  sample(
    'flat',
    (model) => void model.node('flat', model.primitive(sheet(3_000, 0), painted(model).setDoubleSided(true))),
  ),
  sample(
    'upright',
    (model) =>
      void model
        .node('upright', model.primitive(sheet(3_000, 0), painted(model).setDoubleSided(true)))
        .setRotation([Math.SQRT1_2, 0, 0, Math.SQRT1_2]),
  ),
  sample('vertices-unused', (model) => {
    const shape = stone(20_000);
    model.node('half', model.primitive({ ...shape, indices: shape.indices.subarray(0, 6_000) }, painted(model)));
  }),
  sample('shared-vertices', (model) => {
    const shape = stone(20_000);
    const whole = model.primitive(shape, painted(model));
    for (let n = 0; n < 40; n += 1)
      model.node(
        `band ${n}`,
        whole.clone().setIndices(model.accessor('SCALAR', shape.indices.slice(n * 1_500, n * 1_500 + 1_500))),
      );
  }),
];

const units = [
  scaled('tiny-unit', 0.0001),
  scaled('millimetres', 1_000),
  scaled('huge-unit', 1_000_000),
  sample(
    'far-from-origin',
    async (model) =>
      void model
        .node('far', model.primitive(ring(5_000), await wooden(model, 512)))
        .setTranslation([5_000, -3_000, 8_000]),
  ),
];

const textures = [
  textured('odd-size', { width: 300, height: 517 }, 'image/jpeg'),
  textured('one-pixel', { width: 1, height: 1, format: 'png' }, 'image/png'),
  textured('very-wide', { width: 4096, height: 16 }, 'image/jpeg'),
  textured('large', { width: 4096 }, 'image/jpeg'),
  textured('png', { width: 1024, format: 'png', kind: 'checker' }, 'image/png'),
  textured('png-16-bit', { width: 600, format: 'png', bits: 16 }, 'image/png'),
  textured('webp', { width: 1000, format: 'webp' }, 'image/webp'),
  textured('noise', { width: 2048, kind: 'noise' }, 'image/jpeg'),
  textured('noise-png', { width: 2048, kind: 'noise', format: 'png' }, 'image/png'),
  textured('wrong-mime', { width: 256, format: 'png' }, 'image/jpeg'),
  sample(
    'texture-broken',
    (model) => {
      const material = painted(model).setBaseColorTexture(
        model.texture('broken', new Uint8Array([255, 216, 255, 1, 2, 3])),
      );
      model.node('broken', model.primitive(stone(5_000), material));
    },
    { isCore: true },
  ),
  sample('texture-cut', async (model) => {
    const file = await paint({ width: 512 });
    model.node(
      'cut',
      model.primitive(
        stone(5_000),
        painted(model).setBaseColorTexture(model.texture('cut', file.slice(0, file.length / 2))),
      ),
    );
  }),
  sample('texture-bomb', (model) => {
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452000186a0000186a0080200000000000000', 'hex');
    model.node(
      'bomb',
      model.primitive(
        stone(5_000),
        painted(model).setBaseColorTexture(model.texture('bomb', new Uint8Array(png), 'image/png')),
      ),
    );
  }),
  edited(
    'texture-missing',
    async (model) => void model.node('missing', model.primitive(stone(2_000), await wooden(model, 64))),
    (json) => {
      json['images'] = [{ uri: 'elsewhere/wood.png' }];
    },
  ),
];

function edited(name: string, fill: Fill, edit: Parameters<typeof editJson>[1]): Sample {
  const { make } = sample(name, fill);
  return { name, make: async () => editJson(await make(), edit) };
}

async function compressed(
  kind: 'meshopt' | 'quantized' | 'draco',
  triangles: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const model = createModel();
  model.node(kind, model.primitive(stone(triangles), await wooden(model, 512)));
  if (kind === 'meshopt') await model.document.transform(meshopt({ encoder: MeshoptEncoder }));
  if (kind === 'quantized') await model.document.transform(quantize());
  if (kind === 'draco') model.document.createExtension(KHRDracoMeshCompression).setRequired(true);
  return toGlb(model.document);
}

const packed = (['meshopt', 'quantized', 'draco'] as const).flatMap((kind) =>
  [3_000, 130_000].map(
    (triangles): Sample => ({ name: `${kind}-${triangles}`, make: () => compressed(kind, triangles) }),
  ),
);

/** All models, from small ones to those with millions of triangles. */
export const CORPUS: readonly Sample[] = [
  ...plainOnes,
  ...special,
  ...units,
  ...textures,
  ...packed,
  ...Array.from({ length: 44 }, (_, seed) => fromNoise(seed, [2_000, 15_000, 60_000, 180_000][seed % 4] ?? 0)),
  generated(1_000, 512),
  generated(50_000, 1024),
  generated(200_000, 2048),
  generated(500_000, 2048),
  generated(1_160_000, 4096),
  generated(3_000_000, 2048),
  generated(4_900_000, 1024),
];
