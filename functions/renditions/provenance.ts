import type { Document } from '@gltf-transform/core';

/** Where a model comes from. Every rendition carries it. */
export interface Provenance {
  /** The model that generated it, at Scenario. */
  readonly modelId: string;
  readonly runId: string;
  /** Of the image that was uploaded, hex. */
  readonly imageSha256?: string | undefined;
}

/** @see https://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia */
const MADE_BY_AI = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';

/** The same names in every format. */
export function provenanceFields({ modelId, runId, imageSha256 }: Provenance): Readonly<Record<string, string>> {
  return { digitalSourceType: MADE_BY_AI, modelId, runId, ...(imageSha256 !== undefined && { imageSha256 }) };
}

/** Says in the file itself that AI has made it, and of what. */
export function signModel(document: Document, provenance: Provenance): void {
  const asset = document.getRoot().getAsset();
  asset.generator = 'Meshdrop';
  asset.extras = { ...(asset.extras as object | undefined), ...provenanceFields(provenance) };
}
