/** A GLB of these chunks; its header can be made to lie. */
export function glb(
  chunks: readonly number[] = [8, 16],
  { version = 2, declared }: { version?: number; declared?: number } = {},
): Buffer {
  const bodies = chunks.map((length, n) => {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(length, 0);
    header.write(n === 0 ? 'JSON' : 'BIN\0', 4, 'latin1');
    const body = Buffer.alloc(length, 32 + n);
    if (n === 0) body.write('{}');
    return Buffer.concat([header, body]);
  });
  const body = Buffer.concat(bodies);
  const header = Buffer.alloc(12);
  header.write('glTF', 0, 'latin1');
  header.writeUInt32LE(version, 4);
  header.writeUInt32LE(declared ?? 12 + body.length, 8);
  return Buffer.concat([header, body]);
}

/** A GLB of this document and these binary bytes. */
export function glbOf(document: unknown, binary: Uint8Array = Buffer.alloc(0)): Buffer {
  const json = typeof document === 'string' ? document : JSON.stringify(document);
  const padded = Buffer.from(json.padEnd(json.length + ((4 - (Buffer.byteLength(json) % 4)) % 4)));
  const lengths = binary.length > 0 ? [padded.length, binary.length] : [padded.length];
  const file = glb(lengths);
  padded.copy(file, 20);
  Buffer.from(binary).copy(file, 28 + padded.length);
  return file;
}
