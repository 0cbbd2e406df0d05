import { describe, expect, it } from 'vitest';
import { readModel } from '../../../functions/renditions/read-model.ts';
import { countTriangles } from '../../../functions/renditions/scene.ts';
import { createModel, editJson, toGlb } from '../../renditions/corpus/build.ts';
import { stone } from '../../renditions/corpus/shapes.ts';

const noDraco = () => Promise.reject(new Error('no Draco here'));

async function small() {
  const model = createModel();
  model.node('stone', model.primitive(stone(200), null));
  return toGlb(model.document);
}

describe('a hostile file', () => {
  it.each<[string, Parameters<typeof editJson>[1], RegExp]>([
    [
      'arrays of gigabytes',
      (json) => json['accessors']?.push({ count: 2_000_000_000, type: 'VEC3', componentType: 5126 }),
      /arrays are too large/,
    ],
    [
      'another file',
      (json) => (json['buffers'] = [{ uri: '../../etc/passwd', byteLength: 10 }]),
      /files outside of the GLB/,
    ],
    [
      'another machine',
      (json) => (json['buffers'] = [{ uri: 'http://169.254.169.254/', byteLength: 10 }]),
      /files outside/,
    ],
    [
      'very many nodes',
      (json) => (json['nodes'] = Array.from({ length: 100_001 }, () => ({}))),
      /more than 100,000 objects/,
    ],
    ['counts that are no numbers', (json) => json['accessors']?.push({ count: 'many', type: 'VEC3' }), /not glTF/],
    ['no scene', (json) => void (json['scenes'] = []), /no scene/],
  ])('is refused before it takes memory, a file, or a connection: %s', async (_, edit, reason) => {
    await expect(readModel(editJson(await small(), edit), noDraco)).rejects.toThrow(reason);
  });

  it('that draws one mesh a thousand times a thousand times is refused', async () => {
    const model = createModel();
    const mesh = model.document.createMesh('one').addPrimitive(model.primitive(stone(3_000), null));
    for (let n = 0; n < 8_000; n += 1) model.scene.addChild(model.document.createNode().setMesh(mesh));

    await expect(readModel(await toGlb(model.document), noDraco)).rejects.toThrow(/it draws 2\d,\d{3},\d{3} triangles/);
  });

  it.each([0, 10, 30, 200])('that ends after %i bytes is refused', async (bytes) => {
    await expect(readModel((await small()).slice(0, bytes), noDraco)).rejects.toThrow(/./);
  });
});

describe('a file with a picture elsewhere', () => {
  it('is read without it', async () => {
    const glb = editJson(await small(), (json) => void (json['images'] = [{ uri: 'http://example.com/wood.png' }]));

    expect(countTriangles(await readModel(glb, noDraco))).toBe(200);
  });
});
