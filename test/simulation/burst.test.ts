import { expect, it } from 'vitest';
import { burst, shortcomings } from './campaign/burst.ts';

it('stores all images of a burst, pays for each once, keeps the slots busy, and stays within the request limit', async () => {
  const figures = await burst({ uploads: 24, ceiling: 5, requestsPerMinute: 100, seed: 1 });

  expect(shortcomings(figures)).toEqual([]);
});
