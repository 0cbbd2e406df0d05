import { describe, expect, it } from 'vitest';
import { MIN_SILHOUETTE } from '../../functions/renditions/fidelity.ts';
import { makeFiles } from '../../functions/renditions/make-files.ts';
import { createRenditionTools } from '../../functions/renditions/rendition-tools.ts';
import { createModel, toGlb } from './corpus/build.ts';
import { CORPUS } from './corpus/corpus.ts';
import { ring } from './corpus/shapes.ts';
import { WISH } from './make-one.ts';
import { faultsIn } from './faults-in.ts';
import { runOne } from './run-one.ts';

/** `npm run test:renditions` has all models. */
const core = CORPUS.filter(({ isCore }) => isCore);

describe('the renditions of a model', () => {
  it('are tried with six models here', () => {
    expect(core).toHaveLength(6);
  });

  it.each(core)('are small, valid, and like it: $name', async ({ name }) => {
    expect(faultsIn(await runOne(name))).toEqual([]);
  });
});

describe('a limit of triangles that is too low for a model', () => {
  it('is exceeded as far as the outline needs, with a sentence that says so', async () => {
    const model = createModel();
    model.node('ring', model.primitive(ring(6_000), null));
    const wish = { ...WISH, names: ['web' as const], maxTriangles: 40 };

    const { files, fidelity, notes } = await makeFiles(await toGlb(model.document), wish, await createRenditionTools());

    expect(files[0]?.facts?.triangles).toBeGreaterThan(40);
    expect(fidelity?.silhouette.worst).toBeGreaterThanOrEqual(MIN_SILHOUETTE);
    expect(notes).toContainEqual(
      expect.stringMatching(/^the model has [\d,]+ triangles instead of 40: with fewer, its outline would change$/),
    );
  });
});
