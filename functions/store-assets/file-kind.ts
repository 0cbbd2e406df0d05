/** The kind of a file, detected from its first bytes. */
export interface FileKind {
  readonly extension: string;
  readonly contentType: string;
  readonly is3d: boolean;
  /** What the last bytes must contain, if the format defines an end. Without it, the file was cut off. */
  readonly end?: RegExp;
  /** The minimum size according to the head. */
  readonly minBytes?: number;
}

const BINARY = 'application/octet-stream';

const SIGNATURES: readonly (readonly [RegExp, FileKind])[] = [
  [/^glTF/, { extension: 'glb', contentType: 'model/gltf-binary', is3d: true }],
  [/^(Kaydara FBX Binary {2}\0|; FBX )/, { extension: 'fbx', contentType: BINARY, is3d: true }],
  [/^PK\x03\x04/, { extension: 'zip', contentType: 'application/zip', is3d: true, end: /PK\x05\x06/ }],
  [/^\x89PNG\r\n\x1a\n/, { extension: 'png', contentType: 'image/png', is3d: false, end: /IEND\xaeB`\x82/ }],
  [/^\xff\xd8\xff/, { extension: 'jpg', contentType: 'image/jpeg', is3d: false, end: /\xff\xd9/ }],
  [/^RIFF[^]{4}WEBP/, { extension: 'webp', contentType: 'image/webp', is3d: false }],
  [
    /^(#[^\n]*\n|\s)*(mtllib|usemtl|o|g|v|vn|vt|s) [^\n]*(\n|$)/,
    { extension: 'obj', contentType: 'model/obj', is3d: true },
  ],
];

/** Enough for every signature. */
export const HEAD_BYTES = 1_024;

/** Enough for every end, except that of an archive with a long comment. */
export const TAIL_BYTES = 1_024;

/** An error page instead of a file. */
const PAGE = /^(\xef\xbb\xbf)?\s*(<|\{)/;

/** Undefined if the bytes are an error page or empty. */
export function detectFileKind(head: Uint8Array): FileKind | undefined {
  const text = Buffer.from(head).toString('latin1');
  const known = SIGNATURES.find(([signature]) => signature.test(text))?.[1];
  if (known?.extension === 'webp') return { ...known, minBytes: 8 + Buffer.from(head).readUInt32LE(4) };
  if (known) return known;
  if (text === '' || PAGE.test(text)) return undefined;
  return { extension: 'bin', contentType: BINARY, is3d: false };
}

/** True for text such as "Service Unavailable". */
export function isText(head: Uint8Array): boolean {
  return !/[^\t\n\r\x20-\x7e\x80-\xff]/.test(Buffer.from(head).toString('latin1'));
}
