import { Logger, PlatformIO, type Document } from '@gltf-transform/core';
import { ALL_EXTENSIONS } from '@gltf-transform/extensions';
import { MeshoptDecoder, MeshoptEncoder } from 'meshoptimizer';

/** Reads and writes glTF in memory. It has no way to a disk or a network, whatever a file asks for. */
class MemoryIO extends PlatformIO {
  protected override readURI(uri: string): Promise<never> {
    return Promise.reject(new Error(`${uri} is outside of the file`));
  }
  protected override resolve(_base: string, path: string): string {
    return path;
  }
  protected override dirname(): string {
    return '';
  }
}

/** Loads the Draco decoder. Few files need it. */
export type LoadDraco = () => Promise<unknown>;

export async function createGltfIO(draco?: unknown): Promise<PlatformIO> {
  await Promise.all([MeshoptDecoder.ready, MeshoptEncoder.ready]);
  const compression = { 'meshopt.decoder': MeshoptDecoder, 'meshopt.encoder': MeshoptEncoder };
  return new MemoryIO()
    .setLogger(new Logger(Logger.Verbosity.SILENT))
    .registerExtensions(ALL_EXTENSIONS)
    .registerDependencies({ ...compression, ...(draco !== undefined && { 'draco3d.decoder': draco }) });
}

/** Writes one binary file. */
export async function writeGlb(document: Document): Promise<Uint8Array<ArrayBuffer>> {
  const io = await createGltfIO();
  return new Uint8Array(await io.writeBinary(document));
}
