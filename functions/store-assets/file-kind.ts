/** The kind of a file, detected from its first bytes. */
export interface FileKind {
  readonly extension: string;
  readonly contentType: string;
  readonly is3d: boolean;
  /** What the last bytes must contain, if the format defines an end. Without it, the file was cut off. */
  readonly end?: RegExp;
  /** Some programs leave the end out. */
  readonly mayLackEnd?: boolean;
  /** The minimum size according to the head. */
  readonly minBytes?: number;
  /** The bytes are an error page, or text, instead of a file. */
  readonly isPage?: boolean;
}

const BINARY = 'application/octet-stream';

/** All files of a package begin alike. The name of its first entry tells what it is. */
const PACKAGE_END = /PK\x05\x06/;
const TEXT_BEFORE = String.raw`^(\xef\xbb\xbf)?`;
const OBJ_WORDS = 'mtllib|usemtl|o|g|v|vn|vt|vp|s|f|l';

const SIGNATURES: readonly (readonly [RegExp, FileKind])[] = [
  [/^glTF/, { extension: 'glb', contentType: 'model/gltf-binary', is3d: true }],
  [
    /^Kaydara FBX Binary {2}\0/,
    {
      extension: 'fbx',
      contentType: BINARY,
      is3d: true,
      end: /\xf8\x5a\x8c\x6a\xde\xf5\xd9\x7e\xec\xe9\x0c\xe3\x75\x8f\x29\x0b/,
      mayLackEnd: true,
    },
  ],
  [/^; FBX /, { extension: 'fbx', contentType: BINARY, is3d: true }],
  [
    /^PK\x03\x04[^]{26}[^\0]{0,200}?\.usd[ac]?/,
    { extension: 'usdz', contentType: 'model/vnd.usdz+zip', is3d: true, end: PACKAGE_END },
  ],
  [
    /^PK\x03\x04[^]{26}(\[Content_Types\]\.xml|_rels\/\.rels|3D\/)/,
    { extension: '3mf', contentType: 'model/3mf', is3d: true, end: PACKAGE_END },
  ],
  [/^PK\x03\x04/, { extension: 'zip', contentType: 'application/zip', is3d: true, end: PACKAGE_END }],
  [/^PXR-USDC/, { extension: 'usdc', contentType: 'model/vnd.usd', is3d: true }],
  [/^#usda /, { extension: 'usda', contentType: 'model/vnd.usd', is3d: true }],
  [/^BLENDER/, { extension: 'blend', contentType: 'application/x-blender', is3d: true }],
  [/^\x89PNG\r\n\x1a\n/, { extension: 'png', contentType: 'image/png', is3d: false, end: /IEND\xaeB`\x82/ }],
  [/^\xff\xd8\xff/, { extension: 'jpg', contentType: 'image/jpeg', is3d: false, end: /\xff\xd9/ }],
  [/^RIFF[^]{4}WEBP/, { extension: 'webp', contentType: 'image/webp', is3d: false }],
  [/^GIF8/, { extension: 'gif', contentType: 'image/gif', is3d: false }],
  [/^\xabKTX 20\xbb/, { extension: 'ktx2', contentType: 'image/ktx2', is3d: false }],
  [/^[^]{4}ftyp/, { extension: 'mp4', contentType: 'video/mp4', is3d: false }],
  [/^ply\r?\n/, { extension: 'ply', contentType: 'model/ply', is3d: true }],
  [
    new RegExp(`${TEXT_BEFORE}\\s*solid\\b[^]*?\\bfacet\\b`),
    { extension: 'stl', contentType: 'model/stl', is3d: true },
  ],
  [
    new RegExp(`${TEXT_BEFORE}\\s*\\{[^]*?"asset"\\s*:\\s*\\{`),
    { extension: 'gltf', contentType: 'model/gltf+json', is3d: true },
  ],
  [
    new RegExp(`${TEXT_BEFORE}\\s*(<\\?xml[^>]*>)?\\s*(<!--(?:(?!-->)[^])*-->\\s*)*<COLLADA\\b`),
    { extension: 'dae', contentType: 'model/vnd.collada+xml', is3d: true },
  ],
  [
    new RegExp(`${TEXT_BEFORE}\\s*(<\\?xml[^>]*>)?\\s*(<!DOCTYPE X3D[^>]*>)?\\s*<X3D\\b`),
    { extension: 'x3d', contentType: 'model/x3d+xml', is3d: true },
  ],
  [/^#VRML V2\.0/, { extension: 'wrl', contentType: 'model/vrml', is3d: true }],
  [
    new RegExp(`${TEXT_BEFORE}(#[^\\n]*\\n|\\s)*(${OBJ_WORDS})[ \\t][^\\n]*(\\n|$)`),
    { extension: 'obj', contentType: 'model/obj', is3d: true },
  ],
  [new RegExp(`${TEXT_BEFORE}(#[^\\n]*\\n|\\s)*newmtl `), { extension: 'mtl', contentType: 'model/mtl', is3d: false }],
];

/** Enough for every signature, also behind a long comment. */
export const HEAD_BYTES = 16 * 1024;

/** Enough for every end, also that of an archive with the longest comment. */
export const TAIL_BYTES = 65_535 + 22;

const PAGES: readonly (readonly [RegExp, Pick<FileKind, 'extension' | 'contentType'>])[] = [
  [/^\s*(<!doctype html|<html|<head|<body)/i, { extension: 'html', contentType: 'text/html' }],
  [/^\s*</, { extension: 'xml', contentType: 'application/xml' }],
  [/^\s*[{[]/, { extension: 'json', contentType: 'application/json' }],
];

/** A binary STL: 80 bytes, the number of triangles, and 50 bytes for each. */
const STL_HEADER_BYTES = 84;
const STL_TRIANGLE_BYTES = 50;

/**
 * Detects the kind of a file.
 *
 * @param length of the whole file, if it is known
 */
export function detectFileKind(head: Uint8Array, length?: number): FileKind {
  const bytes = Buffer.from(head);
  const text = bytes.toString('latin1');
  const known = SIGNATURES.find(([signature]) => signature.test(text))?.[1];
  if (known?.extension === 'webp') return { ...known, minBytes: 8 + bytes.readUInt32LE(4) };
  if (known) return known;
  const page = PAGES.find(([signature]) => signature.test(text.replace(/^\xef\xbb\xbf/, '')))?.[1];
  if (page) return { ...page, is3d: false, isPage: true };
  if (isBinaryStl(bytes, length)) return { extension: 'stl', contentType: 'model/stl', is3d: true };
  if (isText(text)) return { extension: 'txt', contentType: 'text/plain', is3d: false, isPage: true };
  return { extension: 'bin', contentType: BINARY, is3d: false };
}

function isBinaryStl(head: Buffer, length: number | undefined): boolean {
  if (length === undefined || head.length < STL_HEADER_BYTES) return false;
  return length === STL_HEADER_BYTES + STL_TRIANGLE_BYTES * head.readUInt32LE(80);
}

/** True for text such as "Service Unavailable". */
function isText(head: string): boolean {
  return !/[^\t\n\r\x20-\x7e\x80-\xff]/.test(head);
}
