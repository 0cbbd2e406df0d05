import { expect, it } from 'vitest';
import { contentDisposition } from '../../../functions/store-assets/object-headers.ts';

it.each([
  { title: 'plain letters', name: 'oak.glb', plain: 'oak.glb', full: 'oak.glb' },
  { title: 'accents', name: 'Stuhl für Zoë.glb', plain: 'Stuhl f_r Zo_.glb', full: 'Stuhl%20f%C3%BCr%20Zo%C3%AB.glb' },
  { title: 'emoji', name: '椅子🪑.glb', plain: '___.glb', full: '%E6%A4%85%E5%AD%90%F0%9F%AA%91.glb' },
  { title: 'quotes and percent signs', name: `a"b\\c%d.glb`, plain: 'a_b_c_d.glb', full: 'a%22b%5Cc%25d.glb' },
  { title: 'parentheses', name: `it's (1)*.glb`, plain: `it's (1)*.glb`, full: 'it%27s%20%281%29%2A.glb' },
  {
    title: 'line breaks',
    name: 'a\r\nSet-Cookie: x.glb',
    plain: 'a__Set-Cookie: x.glb',
    full: 'a%0D%0ASet-Cookie%3A%20x.glb',
  },
  { title: 'half a character', name: 'half \ud83e.glb', plain: 'half _.glb', full: 'half%20%EF%BF%BD.glb' },
])('a browser saves a file name of $title under its name', ({ name, plain, full }) => {
  expect(contentDisposition(name)).toBe(`attachment; filename="${plain}"; filename*=UTF-8''${full}`);
});
