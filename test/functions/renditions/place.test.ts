import { describe, expect, it } from 'vitest';
import { placeModel } from '../../../functions/renditions/place.ts';
import { boxAround, readParts } from '../../../functions/renditions/scene.ts';
import { createModel } from '../../renditions/corpus/build.ts';
import { stone } from '../../renditions/corpus/shapes.ts';

/** A stone that is stretched, turned, mirrored, and far away. */
function lost() {
  const model = createModel();
  const node = model.node('stone', model.primitive(stone(500), null));
  node.setScale([2, 3, -1]).setRotation([0, Math.SQRT1_2, 0, Math.SQRT1_2]).setTranslation([100, -40, 7]);
  return model.document;
}

describe('a placed model', () => {
  it.each([
    ['as tall as asked for', { height: 0.85, isReal: true }, 'height', 0.85],
    ['as large as the generator says', { isReal: true }, 'auto-size', undefined],
    ['one metre long if nobody knows', { isReal: false }, 'fitted', 1],
  ] as const)('is %s, and stands in the middle of the floor', (_, wish, sizeFrom, tall) => {
    const document = lost();
    const before = boxAround(readParts(document));

    const placement = placeModel(document, wish);

    const after = boxAround(readParts(document));
    if (!before || !after) throw new Error('there is no box');
    const height = tall ?? before.max[1] - before.min[1];
    expect(placement.sizeFrom).toBe(sizeFrom);
    expect(after.max[1]).toBeCloseTo(height, 4);
    expect(placement.size[1]).toBeCloseTo(height, 4);
    expect(after.min[1]).toBeCloseTo(0, 4);
    for (const axis of [0, 2] as const) expect(after.min[axis] + after.max[axis]).toBeCloseTo(0, 4);
  });

  it('without any size is refused', () => {
    const model = createModel();
    const { positions, ...shape } = stone(8);
    model.node('point', model.primitive({ ...shape, positions: positions.fill(1) }, null));

    expect(() => placeModel(model.document, { isReal: false })).toThrow('it has no size');
  });
});
