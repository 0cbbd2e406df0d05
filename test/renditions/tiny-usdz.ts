import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Loader {
  loadFromBinary(bytes: Uint8Array, name: string): boolean;
  error(): string;
  numMeshes(): number;
}

type Load = (options: {
  readonly wasmBinary: Uint8Array;
}) => Promise<{ readonly TinyUSDZLoaderNative: new () => Loader }>;

const folder = join(import.meta.dirname, '..', '..', 'node_modules', 'tinyusdz');

/** Opens a file in tinyusdz, a reader of USD that is independent of Meshdrop's writer. */
export async function openInTinyUsdz(
  file: Uint8Array,
): Promise<{ readonly error: string; readonly hasMeshes: boolean }> {
  // It was built for browsers, and refuses Node.js unless it takes it for a browser's renderer.
  Object.assign(process, { type: 'renderer' });
  Object.assign(globalThis, { window: globalThis });
  try {
    const { default: load } = (await import(join(folder, 'tinyusdz.js'))) as { readonly default: Load };
    const { TinyUSDZLoaderNative } = await load({ wasmBinary: await readFile(join(folder, 'tinyusdz.wasm')) });
    const loader = new TinyUSDZLoaderNative();
    const isRead = loader.loadFromBinary(file, 'model.usdz');
    return { error: isRead ? '' : loader.error(), hasMeshes: isRead && loader.numMeshes() > 0 };
  } finally {
    Reflect.deleteProperty(process, 'type');
    Reflect.deleteProperty(globalThis, 'window');
  }
}
