import { expect, it } from 'vitest';
import { attachmentNamed } from '../../../functions/store-assets/object-headers.ts';

it.each([
  ['oak.glb', 'oak.glb', 'oak.glb'],
  ['Stuhl für Zoë.glb', 'Stuhl f_r Zo_.glb', 'Stuhl%20f%C3%BCr%20Zo%C3%AB.glb'],
  ['椅子🪑.glb', '___.glb', '%E6%A4%85%E5%AD%90%F0%9F%AA%91.glb'],
  [`a"b\\c%d.glb`, 'a_b_c_d.glb', 'a%22b%5Cc%25d.glb'],
  [`it's (1)*.glb`, `it's (1)*.glb`, 'it%27s%20%281%29%2A.glb'],
  ['a\r\nSet-Cookie: x.glb', 'a__Set-Cookie: x.glb', 'a%0D%0ASet-Cookie%3A%20x.glb'],
  ['half \ud83e.glb', 'half _.glb', 'half%20%EF%BF%BD.glb'],
])('a browser saves %j under its name', (name, plain, full) => {
  expect(attachmentNamed(name)).toBe(`attachment; filename="${plain}"; filename*=UTF-8''${full}`);
});
