// Odd numbers without a bit pattern. They spread neighboring lattice points over all 32 bits.
const [spreadX, spreadY, spreadZ] = [0x27d4eb2d, 0x165667b1, 0x1b873593] as const;

/** Returns a repeatable number in [0, 1) for a point of the integer lattice. */
export function hash(x: number, y: number, z: number): number {
  return scramble(Math.imul(x, spreadX) ^ Math.imul(y, spreadY) ^ Math.imul(z, spreadZ));
}

/** Value noise: smooth, in [0, 1), with features about one unit wide. */
export function noise(x: number, y: number, z: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const iz = Math.floor(z);
  const u = fade(x - ix);
  const v = fade(y - iy);
  const w = fade(z - iz);
  const near = lattice(ix, iy, iz, u, v);
  return near + (lattice(ix, iy, iz + 1, u, v) - near) * w;
}

/** Several octaves of noise, still in [0, 1). */
export function fractal(x: number, y: number, z: number, octaves: number): number {
  let sum = 0;
  let weight = 0.5;
  let total = 0;
  for (let octave = 0, scale = 1; octave < octaves; octave++, scale *= 2.03) {
    sum += weight * noise(x * scale + octave * 7.3, y * scale, z * scale - octave * 3.1);
    total += weight;
    weight *= 0.5;
  }
  return sum / total;
}

/** Sharp ridges (near 1) between smooth valleys: cracks, veins. */
export function ridge(x: number, y: number, z: number): number {
  return 1 - Math.abs(2 * noise(x, y, z) - 1);
}

const fade = (t: number): number => t * t * t * (t * (t * 6 - 15) + 10);

/** Interpolates four neighbors at one level of z. Computes the same numbers as hash(), with fewer multiplications. */
function lattice(x: number, y: number, z: number, u: number, v: number): number {
  const x0 = Math.imul(x, spreadX);
  const x1 = (x0 + spreadX) | 0;
  const low = Math.imul(y, spreadY) ^ Math.imul(z, spreadZ);
  const high = Math.imul(y + 1, spreadY) ^ Math.imul(z, spreadZ);
  const bottom = scramble(x0 ^ low);
  const top = scramble(x0 ^ high);
  const from = bottom + (scramble(x1 ^ low) - bottom) * u;
  const to = top + (scramble(x1 ^ high) - top) * u;
  return from + (to - from) * v;
}

function scramble(bits: number): number {
  const once = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d);
  const twice = Math.imul(once ^ (once >>> 13), 0x297a2d39);
  return ((twice ^ (twice >>> 16)) >>> 0) / 0x100000000;
}
