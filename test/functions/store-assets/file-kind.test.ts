import { expect, it } from 'vitest';
import { fileKindOf } from '../../../functions/store-assets/file-kind.ts';
import { jpeg, png, webp } from '../images.ts';
import { glb } from './glb.ts';

it.each([
  ['glb', true, glb()],
  ['fbx', true, 'Kaydara FBX Binary  \0'],
  ['fbx', true, '; FBX 7.4.0 project file'],
  ['zip', true, 'PK\x03\x04....'],
  ['obj', true, '# made by Tripo\r\n\r\nmtllib a.mtl\nv 0 0 0\n'],
  ['obj', true, 'v 0.0 1.0 2.0\n'],
  ['bin', false, 'something else'],
] as const)('knows %s by its bytes', (extension, is3d, head) => {
  expect(fileKindOf(Buffer.from(head))).toMatchObject({ extension, is3d });
});

it.each([
  ['png', png],
  ['jpg', jpeg],
  ['webp', webp],
] as const)('knows %s by its bytes', async (extension, make) => {
  expect(fileKindOf(await make())).toMatchObject({ extension, is3d: false });
});

it.each(['', '<!doctype html>', '\n <?xml version="1.0"?><Error>', '{"reason":"no"}'])(
  'knows that %o is no file',
  (head) => {
    expect(fileKindOf(Buffer.from(head))).toBeUndefined();
  },
);
