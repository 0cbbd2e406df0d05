import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { bundleClient, viewerFile } from './viewer-files.ts';

interface ClientFile {
  readonly contentType: string;
  readonly content: Uint8Array | string;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
};

const client = join(import.meta.dirname, 'client');

/** The files of the 3D viewer, by their address. */
export const VIEWER_FILES = {
  '/viewer/model-viewer.js': '@google/model-viewer/dist/model-viewer.min.js',
  '/viewer/draco/draco_decoder.wasm': 'three/examples/jsm/libs/draco/gltf/draco_decoder.wasm',
  '/viewer/draco/draco_wasm_wrapper.js': 'three/examples/jsm/libs/draco/gltf/draco_wasm_wrapper.js',
  '/viewer/basis/basis_transcoder.js': 'three/examples/jsm/libs/basis/basis_transcoder.js',
  '/viewer/basis/basis_transcoder.wasm': 'three/examples/jsm/libs/basis/basis_transcoder.wasm',
} as const;

/** The page's own files, and those of the 3D viewer. Nothing comes from another host. */
const FILES: Readonly<Record<string, string>> = {
  '/': join(client, 'index.html'),
  '/app.css': join(client, 'app.css'),
  '/favicon.svg': join(client, 'favicon.svg'),
  '/example.png': join(import.meta.dirname, '..', '..', 'examples', 'oak-chair.png'),
  ...Object.fromEntries(Object.entries(VIEWER_FILES).map(([at, specifier]) => [at, viewerFile(specifier)])),
};

let bundled: Promise<string> | undefined;

/** The viewer loads a decoder of meshes only if it has an address, but has the decoder itself. */
const MESHOPT = { contentType: CONTENT_TYPES['.js'] ?? '', content: '// The decoder is part of model-viewer.js.\n' };

/** Returns a static file of the page. */
export async function readClient(path: string): Promise<ClientFile | undefined> {
  if (path === '/app.js')
    return { contentType: CONTENT_TYPES['.js'] ?? '', content: await (bundled ??= bundleClient()) };
  if (path === '/viewer/meshopt.js') return MESHOPT;
  const file = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
  if (file === undefined) return undefined;
  return { contentType: CONTENT_TYPES[extname(file)] ?? '', content: await readFile(file) };
}
