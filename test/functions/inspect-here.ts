import { createHash } from 'node:crypto';
import Vips from 'wasm-vips';
import { type Decoded, decode } from '../../functions/images/decode.ts';
import { createDecoder } from '../../functions/images/decoder.ts';
import type { InspectImage } from '../../functions/images/inspect-image.ts';

const vips = await createDecoder(Vips);
const known = new Map<string, Decoded>();

/** Decodes in this thread, because another one would run in real time. The same bytes are decoded only once. */
export const inspectHere: InspectImage = async ({ bytes, maxSide }) => {
  const key = `${createHash('sha1').update(bytes).digest('hex')} ${maxSide}`;
  const decoded = known.get(key) ?? decode(bytes, maxSide, vips);
  known.set(key, decoded);
  return decoded;
};
