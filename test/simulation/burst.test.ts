import { expect, it } from 'vitest';
import { burst, shortcomings } from './burst.ts';

it('loses none of many images at once, pays each once, keeps the slots busy and the request limit', async () => {
  const figures = await burst(24, 1);

  expect(shortcomings(figures)).toEqual([]);
});
