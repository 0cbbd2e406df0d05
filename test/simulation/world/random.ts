/** Returns numbers from 0 up to, but not including, 1. The same seed gives the same sequence. */
export type Random = () => number;

/** Creates a Mulberry32 generator, which is small, fast, and good enough for shuffling. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function between(least: number, most: number, random: Random): number {
  return least + random() * (most - least);
}

/** Creates unique IDs, which are the same in each run. */
export function createIds(): () => string {
  let count = 0;
  return () => `id-${(count += 1)}`;
}
