import { type Sample, CORPUS } from './corpus.ts';
import { seeded } from './shapes.ts';

/** Small models with much in them, that a wrong byte can break in many ways. */
const SOURCES = [
  'skin',
  'morph',
  'alpha-mask',
  'gpu-instances',
  'meshopt-3000',
  'draco-3000',
  'quantized-3000',
  'texture-webp',
];
const HEADER_BYTES = 20;
const whole = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

type Damage = (glb: Uint8Array<ArrayBuffer>, random: () => number) => Uint8Array<ArrayBuffer>;

const jsonEnd = (glb: Uint8Array) => HEADER_BYTES + new DataView(glb.buffer).getUint32(12, true);
const within = (from: number, to: number, random: () => number) => Math.floor(from + random() * (to - from));

/** Replaces numbers of the JSON by others. Its length stays. */
const wrongNumbers: Damage = (glb, random) => {
  const text = new TextDecoder().decode(glb.subarray(HEADER_BYTES, jsonEnd(glb)));
  const share = 0.02 + random() * 0.2;
  const changed = text.replaceAll(/\d+/g, (digits) =>
    random() < share ? String(Math.floor(random() * 10 ** digits.length)).padStart(digits.length, '1') : digits,
  );
  glb.set(new TextEncoder().encode(changed).subarray(0, jsonEnd(glb) - HEADER_BYTES), HEADER_BYTES);
  return glb;
};

const wrongBytes: Damage = (glb, random) => {
  const count = within(1, 2_000, random);
  for (let n = 0; n < count; n += 1) glb[within(jsonEnd(glb), glb.length, random)] = within(0, 256, random);
  return glb;
};

const wrongLetters: Damage = (glb, random) => {
  for (let n = 0; n < within(1, 6, random); n += 1)
    glb[within(HEADER_BYTES, jsonEnd(glb), random)] = within(32, 127, random);
  return glb;
};

const cut: Damage = (glb, random) => glb.slice(0, within(1, glb.length, random));
const noise: Damage = (_, random) =>
  Uint8Array.from({ length: within(0, 5_000, random) }, () => within(0, 256, random));

const DAMAGES: readonly Damage[] = [wrongNumbers, wrongNumbers, wrongBytes, wrongLetters, cut, noise];

/** A file that is broken in one of many ways, always the same for the same number. */
export async function damaged(number: number): Promise<Uint8Array<ArrayBuffer>> {
  const random = seeded(number + 1);
  const name = SOURCES[number % SOURCES.length] ?? '';
  const sample = CORPUS.find((one): one is Sample => one.name === name);
  if (!sample) throw new Error(`there is no model ${name}`);
  const source = whole.get(name) ?? sample.make();
  whole.set(name, source);
  const damage = DAMAGES[within(0, DAMAGES.length, random)] ?? cut;
  return damage((await source).slice(), random);
}
