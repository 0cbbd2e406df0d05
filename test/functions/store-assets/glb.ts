/** A GLB of these chunks; its header can be made to lie. */
export function glb(
  chunks: readonly number[] = [8, 16],
  { version = 2, declared }: { version?: number; declared?: number } = {},
): Buffer {
  const file = Buffer.alloc(chunks.reduce((sum, length) => sum + 8 + length, 12));
  file.write('glTF', 0, 'latin1');
  file.writeUInt32LE(version, 4);
  file.writeUInt32LE(declared ?? file.length, 8);
  let at = 12;
  for (const [n, length] of chunks.entries()) {
    file.writeUInt32LE(length, at);
    file.write(n === 0 ? 'JSON' : 'BIN\0', at + 4, 'latin1');
    file.fill(32 + n, at + 8, at + 8 + length);
    if (n === 0) file.write('{}', at + 8);
    at += 8 + length;
  }
  return file;
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
