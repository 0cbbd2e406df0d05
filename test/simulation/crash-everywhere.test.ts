import { describe, expect, it } from 'vitest';
import { nameOf, playPoint, pointsOf, WAYS } from './campaign/crash-everywhere.ts';
import { told } from './campaign/history.ts';

const SEED = 1;
/** The ways that this test disturbs at each of their calls. The campaign does so with all ways. */
const IN_FULL = new Set(['stored', 'rejected for a bad parameter']);
const ELSEWHERE = 11;

describe.each(WAYS)('an upload that is $name', (way) => {
  it('gets one result and at most one payment, wherever a function is killed', async () => {
    const { clean, points } = await pointsOf(way, SEED);
    const tried = points.filter((_, n) => IN_FULL.has(way.name) || n % ELSEWHERE === 0);

    expect(clean.problem).toBeUndefined();
    expect(clean.phases).toEqual(clean.phases.map(() => way.phase));
    expect(clean.calls).toBeGreaterThanOrEqual(way.leastCalls);
    console.log(`${way.name}: ${clean.calls} calls, killed at ${tried.length} of ${points.length} points`);

    for (const point of tried) {
      const ended = await playPoint(point, SEED);
      expect(ended.problem === undefined ? '' : told(ended, nameOf(point, SEED))).toBe('');
    }
  });
});
