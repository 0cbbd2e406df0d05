/** What a file is, by its first bytes. */
export interface FileKind {
  readonly extension: string;
  readonly contentType: string;
  readonly is3d: boolean;
  /** What stands in its last bytes, where its format says so: without it, it was cut. */
  readonly end?: RegExp | undefined;
  /** How many bytes its head says that it has, at least. */
  readonly least?: number;
}

const threeD = (extension: string, contentType: string, end?: RegExp): FileKind => ({
  extension,
  contentType,
  is3d: true,
  end,
});
const image = (extension: string, contentType: string, end?: RegExp): FileKind => ({
  ...threeD(extension, contentType, end),
  is3d: false,
});

const SIGNATURES: readonly (readonly [RegExp, FileKind])[] = [
  [/^glTF/, threeD('glb', 'model/gltf-binary')],
  [/^(Kaydara FBX Binary {2}\0|; FBX )/, threeD('fbx', 'application/octet-stream')],
  [/^PK\x03\x04/, threeD('zip', 'application/zip', /PK\x05\x06/)],
  [/^\x89PNG\r\n\x1a\n/, image('png', 'image/png', /IEND\xaeB`\x82/)],
  [/^\xff\xd8\xff/, image('jpg', 'image/jpeg', /\xff\xd9/)],
  [/^RIFF[^]{4}WEBP/, image('webp', 'image/webp')],
  [/^(#[^\n]*\n|\s)*(mtllib|usemtl|o|g|v|vn|vt|s) [^\n]*(\n|$)/, threeD('obj', 'model/obj')],
];

/** Enough for every signature. */
export const HEAD_BYTES = 1_024;

/** Enough for every end; only an archive with a long comment hides its own. */
export const TAIL_BYTES = 1_024;

/** An error page in place of a file. */
const PAGE = /^(\xef\xbb\xbf)?\s*(<|\{)/;

/** Undefined when the bytes are an error page or nothing at all: that is no file. */
export function fileKindOf(head: Uint8Array): FileKind | undefined {
  const text = Buffer.from(head).toString('latin1');
  const known = SIGNATURES.find(([signature]) => signature.test(text))?.[1];
  if (known?.extension === 'webp') return { ...known, least: 8 + Buffer.from(head).readUInt32LE(4) };
  if (known) return known;
  if (text === '' || PAGE.test(text)) return undefined;
  return { extension: 'bin', contentType: 'application/octet-stream', is3d: false };
}

/** Words in place of a model: "Service Unavailable". */
export function isText(head: Uint8Array): boolean {
  return !/[^\t\n\r\x20-\x7e\x80-\xff]/.test(Buffer.from(head).toString('latin1'));
}
