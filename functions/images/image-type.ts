/** The kinds of image that can be decoded, by their first bytes. */
const SIGNATURES = [
  { contentType: 'image/jpeg', name: 'JPEG', signature: /^\xff\xd8\xff/ },
  { contentType: 'image/png', name: 'PNG', signature: /^\x89PNG\r\n\x1a\n/ },
  { contentType: 'image/webp', name: 'WebP', signature: /^RIFF[^]{4}WEBP/ },
] as const;

export type ImageType = (typeof SIGNATURES)[number];

/** Tells the type from the bytes, never from the name or the declared type. */
export function imageTypeOf(bytes: Uint8Array): ImageType | undefined {
  const head = toLatin1(bytes.subarray(0, 16));
  return SIGNATURES.find(({ signature }) => signature.test(head));
}

/** One character for each byte. Works in browsers, too. */
export function toLatin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
