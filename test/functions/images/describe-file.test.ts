import { describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { describeFile } from '../../../functions/images/describe-file.ts';
import { jpeg, png, webp } from '../images.ts';

const [aPng, aJpeg, aWebp] = [await png(), await jpeg(), await webp()];
const box = (brand: string) =>
  Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(`ftyp${brand}`), Buffer.alloc(12)]);
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** What a program makes of bytes that it takes for UTF-8. */
const asText = (bytes: Buffer) => Buffer.from(bytes.toString('utf8'));
/** What a program makes of bytes that it takes for Latin-1 and writes as UTF-8. */
const asLatin1 = (bytes: Buffer) => Buffer.from(bytes.toString('latin1'));
const form = (bytes: Buffer) =>
  Buffer.concat([
    Buffer.from('------WebKitFormBoundaryX\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'),
    bytes,
  ]);

const KINDS: readonly (readonly [bytes: Buffer | string, what: string | RegExp])[] = [
  ['GIF89a…', 'a GIF image'],
  [box('heic'), 'a HEIC image'],
  [box('hevc'), 'a HEIC image'],
  [box('mif1'), 'a HEIC image'],
  [box('avif'), 'an AVIF image'],
  [box('avis'), 'an AVIF image'],
  [box('crx '), 'a camera RAW image'],
  [Buffer.concat([hex('49492a0010000000'), Buffer.from('CR\x02')]), 'a camera RAW image'],
  [Buffer.concat([hex('49492a0008000000'), Buffer.from('... NIKON CORPORATION')]), 'a camera RAW image'],
  ['FUJIFILMCCD-RAW 0201', 'a camera RAW image'],
  [hex('49492a0008000000 0000'), 'a TIFF image'],
  [hex('4d4d002a00000008 0000'), 'a TIFF image'],
  ['8BPS\0\x01', 'a Photoshop document'],
  [hex('ff0a fa1f'), 'a JPEG XL image'],
  [hex('0000000c 4a584c20 0d0a870a'), 'a JPEG XL image'],
  [hex('0000000c 6a502020 0d0a870a'), 'a JPEG 2000 image'],
  [Buffer.concat([Buffer.from('BM'), hex('36040000 00000000 36000000')]), 'a BMP image'],
  [hex('0000 0100 0100 1010'), 'a Windows icon'],
  [hex('000002 000000000000000000 0001 0001 18 00'), 'a TGA image'],
  [hex('762f3101 02000000'), 'an image of another kind'],
  ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'an SVG drawing'],
  ['<?xml version="1.0"?>\n<!-- a drawing -->\n<svg/>', 'an SVG drawing'],
  ['<!-- Generator: Adobe -->\n<svg/>', 'an SVG drawing'],
  ['%PDF-1.7', 'a PDF document'],
  ['%!PS-Adobe-3.0', 'a PostScript drawing'],
  [box('isom'), 'a video'],
  [box('qt  '), 'a video'],
  ['RIFF\x10\0\0\0AVI LIST', 'a video'],
  [hex('1a45dfa3 9f'), 'a video'],
  ['RIFF\x10\0\0\0WAVEfmt ', 'an audio file'],
  ['ID3\x03', 'an audio file'],
  ['glTF\x02\0\0\0', 'a 3D model'],
  ['Kaydara FBX Binary  ', 'a 3D model'],
  ['PK\x03\x04', 'an archive or an office document'],
  [hex('d0cf11e0a1b11ae1'), 'an office document'],
  [gzipSync(aPng), 'a file that is compressed with gzip'],
  [hex('00051607 00020000'), 'the AppleDouble file of a Mac, with no image in it'],
  ['[InternetShortcut]\r\nURL=https://example.com/a.png', 'a shortcut to a file'],
  ['version https://git-lfs.github.com/spec/v1\noid sha256:0', 'a Git LFS pointer'],
  [
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>',
    'an error message of S3',
  ],
  ['<!DOCTYPE html><html><body>Sign in</body></html>', 'a web page'],
  ['\n  <html lang="en">', 'a web page'],
  ['HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n', 'an HTTP answer with its headers'],
  [form(aPng), 'a form upload (multipart/form-data) with its headers'],
  [`data:image/png;base64,${aPng.toString('base64')}`, 'a data URL'],
  [aPng.toString('base64'), 'an image in Base64'],
  [`"${aJpeg.toString('base64')}"`, 'an image in Base64'],
  [aWebp.toString('base64'), 'an image in Base64'],
  [aPng.toString('hex'), 'an image in hexadecimal'],
  [JSON.stringify(aPng), 'a list of bytes in JSON'],
  [JSON.stringify([...aJpeg]), 'a list of bytes in JSON'],
  ['{"url": "https://example.com/a.png"}', 'JSON'],
  ['[1, 2, 3]', 'JSON'],
  ['<?xml version="1.0"?><note/>', 'XML'],
  [asText(aPng), 'a PNG image that was converted as if it were text'],
  [asLatin1(aPng), 'a PNG image that was converted as if it were text'],
  [asText(aJpeg), 'a JPEG image that was converted as if it were text'],
  [asLatin1(aJpeg), 'a JPEG image that was converted as if it were text'],
  [
    Buffer.from(aPng.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'),
    'a PNG image whose line ends were converted',
  ],
  [
    Buffer.from(aPng.toString('latin1').replaceAll('\n', '\r\n'), 'latin1'),
    'a PNG image whose line ends were converted',
  ],
  [Buffer.concat([hex('efbbbf'), aPng]), 'an image behind a byte order mark'],
  [
    Buffer.concat([Buffer.from('1f40;chunk-signature=ab\r\n'), aPng]),
    'a signed upload in chunks (aws-chunked) that was stored as it is',
  ],
  [Buffer.concat([Buffer.from('\n'), aPng]), 'an image that begins only at byte 2'],
  [Buffer.concat([Buffer.alloc(128), aJpeg]), 'an image that begins only at byte 129'],
  [Buffer.alloc(4_000), 'only zeros'],
  [Buffer.from('﻿hello', 'utf16le'), 'text in UTF-16'],
  ['a picture would say more', 'text'],
];

describe('a file that is not an image', () => {
  it.each(KINDS)('is named for what it is: %#', (bytes, what) => {
    const described = describeFile(Buffer.from(bytes as string, 'latin1'));

    expect(described?.what).toBe(what);
    expect(described?.advice).not.toBe('');
  });

  it('has no name if nothing tells', () => {
    expect(describeFile(hex('0102030405060708'))).toBeUndefined();
  });

  it('is named in no time, however long it is', () => {
    expect(describeFile(Buffer.alloc(20_000_000, ' '))?.what).toBe('text');
    expect(describeFile(Buffer.alloc(20_000_000, '<'))?.what).toBe('text');
    expect(describeFile(Buffer.alloc(20_000_000, '--\n'))?.what).toBe('text');
  });
});
