import type { StoredAsset } from '../contract/asset.ts';
import type { Model } from '../models/model.ts';
import { assetFolder, assetName } from '../run/keys.ts';
import type { RunRecord } from '../run/record.ts';
import type { Runs } from '../run/runs.ts';
import type { ScenarioAsset } from '../scenario/schemas.ts';
import type { FileKind } from './file-kind.ts';
import { createFileRetrier } from './file-retrier.ts';
import { type FileStore, type Place, storeFile } from './store-file.ts';

export type Listing = Awaited<ReturnType<typeof lookUpAll>>;
export type Files = Awaited<ReturnType<typeof storeFiles>>;

/** All files of a run together can have as many bytes as this many of the largest. */
const MOST_FILES = 4;

/** Stores all files, what Scenario calls 3D first, then the previews of its models. Returns them in the job's order. */
export async function storeFiles(
  { runId, upload }: RunRecord,
  { assetIds, lookUp, is3d }: Listing,
  store: FileStore,
  { model, clock, telemetry }: Pick<Runs, 'clock' | 'telemetry'> & { readonly model: Model },
) {
  const nameKey = createKeyNamer(assetFolder(upload.key, runId), assetName(upload.key));
  const retryFile = createFileRetrier(clock);
  const assets: StoredAsset[] = [];
  const missing: { assetId: string; error: Error }[] = [];
  let leftBytes = MOST_FILES * store.maxAssetBytes;
  // Grows during the loop: a new id comes last, and an id that is already in the set does not come again.
  const wanted = new Set([...assetIds].sort((a, b) => Number(is3d(b)) - Number(is3d(a))));
  for (const assetId of wanted) {
    const isPreview = !assetIds.includes(assetId);
    const place = (kind: FileKind, asset: ScenarioAsset): Place => ({
      role: isPreview ? previewRole(kind) : fileRole(kind, asset, model),
      key: nameKey(assetId, isPreview ? '.preview' : '', kind.extension),
    });
    const one = { runId, assetId, place, suspects: new Set<string>() };
    const maxAssetBytes = Math.min(store.maxAssetBytes, leftBytes);
    const { file, error } = await retryFile(is3d(assetId) ? 'model' : 'other', (attempt) =>
      storeFile(one, attempt, { ...store, maxAssetBytes, lookUp }),
    );
    if (file) assets.push(file.asset);
    leftBytes -= file?.asset.bytes ?? 0;
    if (file?.asset.role === 'model' && file.previewId !== undefined) wanted.add(file.previewId);
    if (error) {
      missing.push({ assetId, error });
      telemetry.log.warn('left out', { assetId, error });
    }
  }
  const order = [...assetIds, ...wanted];
  assets.sort((a, b) => order.indexOf(a.assetId) - order.indexOf(b.assetId));
  return { assets, missing };
}

/**
 * Asks for all files in one call. The answer also has the URLs of their previews. Each URL is used once, because it is
 * short-lived. After that, and for files that Scenario does not know yet, each file is asked for by itself.
 */
export async function lookUpAll(assetIds: readonly string[], { scenario }: Pick<FileStore, 'scenario'>) {
  const files = await scenario.assets(assetIds);
  const previews = files.flatMap(({ preview }) =>
    preview?.url === undefined ? [] : { ...PREVIEW, assetId: preview.assetId, urls: [preview.url] },
  );
  const known = new Map([...previews, ...files].map((asset) => [asset.assetId, asset]));
  const models = new Set(files.flatMap(({ assetId, is3d }) => (is3d ? assetId : [])));
  return {
    assetIds,
    lookUp: async (assetId: string): Promise<ScenarioAsset> => {
      const asset = known.get(assetId) ?? (await scenario.asset(assetId));
      known.delete(assetId);
      return asset;
    },
    is3d: (assetId: string) => models.has(assetId),
    /** Whether Scenario calls every file an image, or names no file at all. */
    hasOnlyImages: files.length === assetIds.length && files.every(({ isImage }) => isImage),
  };
}

const PREVIEW = {
  status: 'success',
  is3d: false,
  isImage: true,
  bytes: undefined,
  preview: undefined,
  origins: [] as string[],
} as const;

function previewRole({ contentType }: FileKind): Place['role'] {
  return contentType.startsWith('image/') ? 'preview' : 'other';
}

/** Unknown bytes that Scenario calls 3D are a model, because somebody may be able to open them. */
function fileRole(kind: FileKind, { is3d, source = '' }: ScenarioAsset, { roles }: Model): Place['role'] {
  if (kind.is3d || (is3d && kind.extension === 'bin')) return 'model';
  return Object.entries(roles).find(([prefix]) => source.startsWith(prefix))?.[1] ?? 'other';
}

/** Names `oak.glb`, `oak-2.glb`, `oak.preview.webp`: one key for each file, and the same keys for the same order. */
function createKeyNamer(folder: string, name: string) {
  const owners = new Map<string, string>();
  return (assetId: string, suffix: string, extension: string) => {
    const isFree = (key: string) => (owners.get(key) ?? assetId) === assetId;
    let key = `${folder}${name}${suffix}.${extension}`;
    for (let n = 2; !isFree(key); n += 1) key = `${folder}${name}${suffix}-${n}.${extension}`;
    owners.set(key, assetId);
    return key;
  };
}
