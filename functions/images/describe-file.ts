import { toLatin1 } from './image-type.ts';

/** What a file is that cannot be used, and what its sender can do. */
export interface FileDescription {
  /** Follows "the file is": `a GIF image`. */
  readonly what: string;
  /** Follows "what to do:". */
  readonly advice: string;
}

const EXPORT = 'export it as JPEG, PNG or WebP, and upload that';
const HEIC = `${EXPORT}; an iPhone takes JPEG with Settings > Camera > Formats > Most Compatible`;
const RAW = 'develop it, and upload a JPEG';
const FRAME = 'save one frame as JPEG, PNG or WebP, and upload that';
const UNPACK = 'unpack it, and upload each image by itself';
const BINARY = 'upload the bytes of the image itself, not their text form';
const BODY = 'upload only the bytes of the image: as the body of a PUT request, or with aws s3 cp';
const INTACT = 'upload it again as binary data: something changed its bytes on the way';
const OPEN_IT = 'open it in a text editor to see what it says, and upload the image itself';
const PICTURE = 'upload a photo or a rendering of the object';

/** By the first bytes of the file, as Latin-1. The first that matches counts. */
const FILES: readonly (readonly [pattern: RegExp, what: string, advice: string])[] = [
  // Images that something broke on the way.
  [/^\x89PNG(\n|\r\r\n|\r\n\x1a\r\n|\r\n\n)/, 'a PNG image whose line ends were converted', INTACT],
  [
    /^(\x89|\t|\xc2\x89|\xef\xbf\xbd|\xc3\x82\xc2\x89|\?)PNG/,
    'a PNG image that was converted as if it were text',
    INTACT,
  ],
  [
    /^(\xef\xbf\xbd){2,4}([^]{2})?(JFIF|Exif|\0\x10JFIF|[^]{0,4}(JFIF|Exif))/,
    'a JPEG image that was converted as if it were text',
    INTACT,
  ],
  [
    /^(\xc3\xbf\xc3\x98\xc3\xbf|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd)/,
    'a JPEG image that was converted as if it were text',
    INTACT,
  ],
  [/^\xef\xbb\xbf(\xff\xd8\xff|\x89PNG|RIFF)/, 'an image behind a byte order mark', INTACT],
  [/^RIFF[^]{4,12}WEBP/, 'a WebP image that was converted as if it were text', INTACT],
  [/^--[^\r\n]{1,100}\r?\ncontent-(disposition|type):/i, 'a form upload (multipart/form-data) with its headers', BODY],
  [/^content-(disposition|type|transfer-encoding):/i, 'a form upload (multipart/form-data) with its headers', BODY],
  [
    /^mime-version:|^(from|received|return-path|subject|date): [^\n]*\n/i,
    'an e-mail message',
    'upload the image that is attached to it',
  ],
  [/^[0-9a-f]+;chunk-signature=/, 'a signed upload in chunks (aws-chunked) that was stored as it is', BODY],
  [/^[0-9a-f]{1,8}\r\n(\xff\xd8\xff|\x89PNG|RIFF)/, 'an HTTP body in chunks that was stored as it is', BODY],
  [/^http\/\d/i, 'an HTTP answer with its headers', BODY],
  [/^\s*["']?data:image\/[\w.+-]+[;,]/, 'a data URL', BINARY],
  [/^\s*["']?(\/9j\/|iVBORw0KGgo|UklGR)/, 'an image in Base64', BINARY],
  [/^\s*["']?(0x|\\x)?(ff ?d8 ?ff|89 ?50 ?4e ?47 ?0d|52494646)/i, 'an image in hexadecimal', BINARY],
  [/^b?['"]\\(xff|x89PNG)/, 'the text of a byte string', BINARY],
  [/^\s*[[{]\s*("type"\s*:\s*"Buffer"|255\s*,\s*216|137\s*,\s*80)/, 'a list of bytes in JSON', BINARY],
  [/^(255,\s*216|137,\s*80)\b/, 'a list of bytes as text', BINARY],
  [/^version https:\/\/git-lfs/, 'a Git LFS pointer', 'run "git lfs pull", and upload the image itself'],
  // What servers say instead of an image.
  [
    /<Error>\s*<Code>[^]*<(RequestId|Message)>/,
    'an error message of S3',
    'download the image again, and look at the file before you upload it',
  ],
  [
    /^\s*(<!doctype html|<html|<head|<body)/i,
    'a web page',
    'download the image itself: a link to a page is not a link to an image',
  ],
  // Other pictures.
  [/^GIF8/, 'a GIF image', FRAME],
  [/^[^]{4}ftyp(heic|heix|heim|heis|hevc|hevx|hevm|hevs|mif1|msf1)/, 'a HEIC image', HEIC],
  [/^[^]{4}ftypavi[fs]/, 'an AVIF image', EXPORT],
  [/^[^]{4}ftypcrx /, 'a camera RAW image', RAW],
  [/^(II\*\0|MM\0\*)[^]{4}CR|^(IIRO|IIRS|MMOR|IIU\0|FUJIFILMCCD-RAW|FOVb)/, 'a camera RAW image', RAW],
  [/^(II\*\0|MM\0\*)[^]*(NIKON|SONY|PENTAX|Canon|OLYMPUS|Adobe DNG|DNG)/, 'a camera RAW image', RAW],
  [/^(II[*+]\0|MM\0[*+])/, 'a TIFF image', EXPORT],
  [/^8BP[SB]/, 'a Photoshop document', EXPORT],
  [/^(\xff\x0a|\0\0\0\x0cJXL )/, 'a JPEG XL image', EXPORT],
  [/^(\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/, 'a JPEG 2000 image', EXPORT],
  [/^II\xbc/, 'a JPEG XR image', EXPORT],
  [/^BM[^]{4}\0{4}/, 'a BMP image', EXPORT],
  [/^\0\0[\x01\x02]\0[\x01-\x40]\0/, 'a Windows icon', EXPORT],
  [/^icns/, 'a macOS icon', EXPORT],
  [
    /^(DDS |\xabKTX|#\?RADIANCE|\x76\x2f\x31\x01|qoif|P[1-7]\s|gimp xcf|\x8aMNG|farbfeld|FLIF|BPG\xfb)/,
    'an image of another kind',
    EXPORT,
  ],
  [/^[^]\x00[\x01-\x03\x09-\x0b][^]{13}[\x08\x0f\x10\x18\x20][^]*TRUEVISION-XFILE/, 'a TGA image', EXPORT],
  [/^[^]\0[\x02\x0a]\0{9}[^]{4}[\x10\x18\x20][\x00-\x2f]/, 'a TGA image', EXPORT],
  [/^(%!PS|\xc5\xd0\xd3\xc6)/, 'a PostScript drawing', EXPORT],
  [/^(\x01\0\0\0[^]{36} EMF|\xd7\xcd\xc6\x9a)/, 'a Windows metafile', EXPORT],
  [/^\s*(<\?xml[^>]*>\s*)?(<!--(?:(?!-->)[^])*-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg\b/i, 'an SVG drawing', EXPORT],
  [/^%PDF/, 'a PDF document', 'export the page as JPEG, PNG or WebP, and upload that'],
  // Video, audio, 3D, archives, documents.
  [
    /^RIFF[^]{4}AVI |^[^]{4}ftyp|^[^]{4}(moov|mdat|wide|free|skip)|^\x1a\x45\xdf\xa3|^\0\0\x01[\xba\xb3]|^FLV\x01|^\x30\x26\xb2\x75|^OggS/,
    'a video',
    FRAME,
  ],
  [/^(ID3|\xff[\xf2\xf3\xfb]|fLaC|MThd|RIFF[^]{4}WAVE|FORM[^]{4}AIF)/, 'an audio file', PICTURE],
  [
    /^glTF|^Kaydara FBX|^BLENDER|^ply\r?\n|^solid [^]*facet|^PXR-USDC|^#usda|^\s*\{[^]*"asset"\s*:\s*\{[^]*"version"/,
    'a 3D model',
    PICTURE,
  ],
  [/^\x1f\x8b/, 'a file that is compressed with gzip', 'upload it without compression'],
  [
    /^(PK\x03\x04|PK\x05\x06|Rar!|7z\xbc\xaf|\xfd7zXZ|BZh|\x28\xb5\x2f\xfd)|^[^]{257}ustar/,
    'an archive or an office document',
    UNPACK,
  ],
  [/^\xd0\xcf\x11\xe0/, 'an office document', EXPORT],
  [/^\{\\rtf/, 'a text document', EXPORT],
  [
    /^bplist|^book\0|^L\0\0\0\x01\x14\x02\0|^\[InternetShortcut\]|^\[\{000214A0/,
    'a shortcut to a file',
    'upload the file that it points to',
  ],
  [
    /^\0\x05\x16[\0\x07]\0/,
    'the AppleDouble file of a Mac, with no image in it',
    'upload the file without "._" at the start of its name',
  ],
  [/^(MZ|\x7fELF|\xcf\xfa\xed\xfe|#!)/, 'a program', PICTURE],
  [/^SQLite format 3/, 'a database', PICTURE],
  [/^\s*[[{]\s*(["\]}[{]|-?\d|true|false|null)/, 'JSON', OPEN_IT],
  [/^\s*<\?xml|^\s*<\w+[\s>]/, 'XML', OPEN_IT],
];

const HEAD_BYTES = 4096;
const SIGNATURE = /\xff\xd8\xff[\xc0-\xfe]|\x89PNG\r\n\x1a\n|RIFF[^]{4}WEBP/;
const PRINTABLE = /^[\t\n\r\x20-\x7e\x80-\xff]+$/;

/** Says what a file is that is not a JPEG, PNG or WebP image, by its bytes. Undefined if nothing tells. */
export function describeFile(bytes: Uint8Array): FileDescription | undefined {
  const head = toLatin1(bytes.subarray(0, HEAD_BYTES));
  const utf16 = /^(\xff\xfe|\xfe\xff)/.test(head);
  if (utf16) return { what: 'text in UTF-16', advice: OPEN_IT };
  const text = head.replace(/^\xef\xbb\xbf(?!\xff|\x89|RIFF)/, '');
  const known = FILES.find(([pattern]) => pattern.test(text));
  if (known) return { what: known[1], advice: known[2] };
  const at = head.search(SIGNATURE);
  if (at > 0) return { what: `an image that begins only at byte ${at + 1}`, advice: BODY };
  if (bytes.every((byte) => byte === 0))
    return { what: 'only zeros', advice: 'upload it again: its content never arrived' };
  return PRINTABLE.test(head) ? { what: 'text', advice: OPEN_IT } : undefined;
}

/** Why a file of another type cannot be used, as a sentence without its end, and what to do if it is known. */
export function whyNotAnImage(bytes: Uint8Array): { readonly reason: string; readonly advice?: string } {
  const known = describeFile(bytes);
  const reason = 'the file is not a JPEG, PNG or WebP image';
  return known ? { reason: `${reason}: it looks like ${known.what}`, advice: known.advice } : { reason };
}
