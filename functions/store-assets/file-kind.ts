/** What a file is, by its first bytes. */
export interface FileKind {
  readonly extension: string;
  readonly contentType: string;
  readonly is3d: boolean;
}

const threeD = (extension: string, contentType: string): FileKind => ({ extension, contentType, is3d: true });
const image = (extension: string, contentType: string): FileKind => ({ extension, contentType, is3d: false });

const SIGNATURES: readonly (readonly [RegExp, FileKind])[] = [
  [/^glTF/, threeD('glb', 'model/gltf-binary')],
  [/^(Kaydara FBX Binary|; FBX )/, threeD('fbx', 'application/octet-stream')],
  [/^PK\x03\x04/, threeD('zip', 'application/zip')],
  [/^\x89PNG\r\n\x1a\n/, image('png', 'image/png')],
  [/^\xff\xd8\xff/, image('jpg', 'image/jpeg')],
  [/^RIFF[^]{4}WEBP/, image('webp', 'image/webp')],
  [/^(#[^\n]*\n|\s)*(mtllib|usemtl|o|g|v|vn|vt|s) [^\n]*(\n|$)/, threeD('obj', 'model/obj')],
];

/** Enough for every signature. */
export const HEAD_BYTES = 1_024;

/** An error page in place of a file. */
const PAGE = /^\s*(<|\{)/;

/** Undefined when the bytes are an error page or nothing at all: that is no file. */
export function fileKindOf(head: Uint8Array): FileKind | undefined {
  const text = Buffer.from(head).toString('latin1');
  const known = SIGNATURES.find(([signature]) => signature.test(text))?.[1];
  if (known) return known;
  if (text === '' || PAGE.test(text)) return undefined;
  return { extension: 'bin', contentType: 'application/octet-stream', is3d: false };
}
