import { createHash } from 'node:crypto';
import type { RenditionSettings } from '../contract/options.ts';
import { channelResults } from '../contract/renditions.ts';
import {
  eventSchemas,
  type MeshdropEvent,
  type Renditions,
  renditionsSchema,
  schemaVersion,
} from '../contract/schemas.ts';
import { checkStrictly, readTolerantly } from '../platform/documents.ts';
import type { JsonStore } from '../platform/json-store.ts';
import type { ModelStoredDetail } from '../run/stored-model.ts';

const DETAIL_TYPE = 'Renditions Stored';

/** Raise it when the same settings make other files. */
const RECIPE = 1;

/** Identifies everything that the files depend on besides the model. */
export function hashSettings(settings: RenditionSettings, height: number | undefined): string {
  const { names, maxTriangles, maxBytes, background } = settings;
  const parts = [RECIPE, names.toSorted(), maxTriangles, maxBytes, background, height ?? null];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

export interface KeptRenditions {
  /** Undefined if it cannot be understood. */
  readonly renditions: Renditions | undefined;
  readonly etag: string;
}

export async function readRenditions(documents: JsonStore, key: string): Promise<KeptRenditions | undefined> {
  const found = await documents.read(key);
  return found && { renditions: readTolerantly(renditionsSchema, found.value), etag: found.etag };
}

/** Whether the files of a document are those of this model and these settings. */
export function isOf(renditions: Renditions, source: Renditions['source'], settingsHash: string): boolean {
  const { key, versionId, sha256 } = renditions.source;
  const isSameModel = key === source.key && versionId === source.versionId && sha256 === source.sha256;
  return isSameModel && renditions.settingsHash === settingsHash;
}

/**
 * Makes the event of a document. It is always the same for the same document.
 *
 * @param stored the event of the run. A run that reuses an earlier model announces the renditions of the earlier run
 */
export function toRenditionsEvent(
  renditions: Renditions,
  at: { readonly bucket: string; readonly key: string },
  stored: ModelStoredDetail,
): MeshdropEvent {
  const { settingsHash, finishedAt, source, fidelity, certificates } = renditions;
  const { runId } = stored.metadata;
  const { upload, model, manifest } = stored.data;
  const eventId = createHash('sha256').update(`${runId}\n${DETAIL_TYPE}\n${settingsHash}`).digest('hex');
  const detail = {
    metadata: { schemaVersion, eventId, occurredAt: finishedAt, runId },
    data: {
      upload,
      model,
      manifest,
      source,
      files: renditions.files.map(({ facts: _, ...file }) => file),
      certificates: channelResults(certificates),
      fidelity,
      renditions: at,
    },
  };
  const checked = checkStrictly<unknown>(eventSchemas[DETAIL_TYPE], detail, { ...renditions, ...stored });
  return { detailType: DETAIL_TYPE, detail: checked } as MeshdropEvent;
}
