/** 0 to below 1, the same row for the same seed. */
export type Random = () => number;

/** Mulberry32: small, quick, and good enough to shuffle with. */
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

/** Makes ids that differ, the same ones in every run. */
export function createIds(): () => string {
  let count = 0;
  return () => `id-${(count += 1)}`;
}
