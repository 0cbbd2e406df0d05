/** All names and values together. */
const MAX_BYTES = 2_048;
const ENCODED = /=\?utf-8\?([bq])\?([^?]*)\?=(?:\s+(?==\?))?/gi;

/**
 * The upload's own metadata that the deployment lets travel to the manifest and the events, for example a shop's SKU.
 * What does not fit is left out.
 *
 * @param names in lower case
 */
export function carriedMetadata(
  metadata: Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> | undefined {
  const carried: Record<string, string> = {};
  let bytes = 0;
  for (const name of names) {
    const value = Object.hasOwn(metadata, name) ? decode(metadata[name] ?? '') : undefined;
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value ?? '');
    if (value !== undefined && bytes <= MAX_BYTES) carried[name] = value;
  }
  return Object.keys(carried).length > 0 ? carried : undefined;
}

/** S3 gives text that is not ASCII in RFC 2047: `=?UTF-8?B?R3LDtsOfZQ==?=`. */
function decode(text: string): string {
  return text.replaceAll(ENCODED, (_, form: string, encoded: string) => {
    if (form.toLowerCase() === 'b') return Buffer.from(encoded, 'base64').toString();
    const bytes = encoded.replaceAll('_', ' ').replaceAll(/=([0-9a-f]{2})/gi, (__, hex: string) => {
      return String.fromCharCode(Number.parseInt(hex, 16));
    });
    return Buffer.from(bytes, 'latin1').toString();
  });
}
