// oxlint-disable-next-line typescript/triple-slash-reference -- a project that compiles the construct finds these types only by this reference
/// <reference path="./draco3dgltf.d.ts" />
// oxlint-disable-next-line typescript/triple-slash-reference -- the same
/// <reference path="../store-assets/gltf-validator.d.ts" />
import { validateBytes } from 'gltf-validator';
import Vips from 'wasm-vips';
import * as z from 'zod';
import { createDecoder } from '../images/decoder.ts';
import { createImageCodec } from './image-codec.ts';
import type { RenditionTools } from './make-files.ts';

const MAX_ISSUES = 100;
const report = z.object({ issues: z.object({ numErrors: z.number() }) });

/** Loads the decoders of images and meshes, and the Khronos validator. */
export async function createRenditionTools(): Promise<RenditionTools> {
  return {
    codec: createImageCodec(await createDecoder(Vips)),
    countErrors: async (glb) =>
      report.parse(await validateBytes(glb, { format: 'glb', maxIssues: MAX_ISSUES })).issues.numErrors,
    loadDraco: async () => (await import('draco3dgltf')).default.createDecoderModule(),
  };
}
