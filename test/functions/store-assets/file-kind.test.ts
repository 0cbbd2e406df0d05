import { expect, it } from 'vitest';
import { jpeg, png, webp } from '../images.ts';
import { glb } from './glb.ts';
import { detectFileKind } from '../../../functions/store-assets/file-kind.ts';

it.each([
  ['glb', true, glb()],
  ['fbx', true, 'Kaydara FBX Binary  \0'],
  ['fbx', true, '; FBX 7.4.0 project file'],
  ['zip', true, 'PK\x03\x04....'],
  ['obj', true, '# made by Tripo\r\n\r\nmtllib a.mtl\nv 0 0 0\n'],
  ['obj', true, 'v 0.0 1.0 2.0\n'],
  ['fbx', true, `Kaydara FBX Binary  \0${'.'.repeat(9)}`],
  ['usdz', true, `PK\x03\x04${'.'.repeat(26)}oak.usdc`],
  ['3mf', true, `PK\x03\x04${'.'.repeat(26)}[Content_Types].xml`],
  ['usdc', true, 'PXR-USDC\0'],
  ['usda', true, '#usda 1.0\n'],
  ['stl', true, 'solid oak\n  facet normal 0 0 1\n'],
  ['ply', true, 'ply\nformat ascii 1.0\n'],
  ['dae', true, '<?xml version="1.0"?>\n<!-- oak -->\n<COLLADA version="1.4.1">'],
  ['gltf', true, '{\n "asset" : { "version": "2.0" } }'],
  ['obj', true, `#${'x'.repeat(1_200)}\nv 0 0 0\n`],
  ['obj', true, '\u00ef\u00bb\u00bfv 0 0 0\n'],
  ['bin', false, '\0something else'],
] as const)('knows %s by its bytes', (extension, is3d, head) => {
  expect(detectFileKind(Buffer.from(head as string, 'latin1'))).toMatchObject({ extension, is3d });
});

it.each([
  ['png', png],
  ['jpg', jpeg],
  ['webp', webp],
] as const)('knows %s by its bytes', async (extension, make) => {
  expect(detectFileKind(await make())).toMatchObject({ extension, is3d: false });
});

it.each([
  ['nothing', 'txt', ''],
  ['a sentence', 'txt', 'Service Unavailable'],
  ['a page', 'html', '<!doctype html>'],
  ['an error in XML', 'xml', '\n <?xml version="1.0"?><Error>'],
  ['an error in JSON', 'json', '{"reason":"no"}'],
])('does not take %s for a file', (_, extension, head) => {
  expect(detectFileKind(Buffer.from(head))).toMatchObject({ extension, isPage: true, is3d: false });
});

it('knows a binary STL by its length', () => {
  const stl = Buffer.alloc(84 + 2 * 50);
  stl.writeUInt32LE(2, 80);

  expect(detectFileKind(stl, stl.length).extension).toBe('stl');
  expect(detectFileKind(stl, stl.length + 1).extension).toBe('bin');
  expect(detectFileKind(stl).extension).toBe('bin');
});
