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
  ['bin', false, 'something else'],
] as const)('knows %s by its bytes', (extension, is3d, head) => {
  expect(detectFileKind(Buffer.from(head))).toMatchObject({ extension, is3d });
});

it.each([
  ['png', png],
  ['jpg', jpeg],
  ['webp', webp],
] as const)('knows %s by its bytes', async (extension, make) => {
  expect(detectFileKind(await make())).toMatchObject({ extension, is3d: false });
});

it.each([
  ['nothing', ''],
  ['a page', '<!doctype html>'],
  ['an error in XML', '\n <?xml version="1.0"?><Error>'],
  ['an error in JSON', '{"reason":"no"}'],
])('does not take %s for a file', (_, head) => {
  expect(detectFileKind(Buffer.from(head))).toBeUndefined();
});
