/** A GLB of these chunks; its header can be made to lie. */
export function glb(
  chunks: readonly number[] = [8, 16],
  { version = 2, declared }: { version?: number; declared?: number } = {},
): Buffer {
  const bodies = chunks.map((length, n) => {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(length, 0);
    header.write(n === 0 ? 'JSON' : 'BIN\0', 4, 'latin1');
    return Buffer.concat([header, Buffer.alloc(length, 32 + n)]);
  });
  const body = Buffer.concat(bodies);
  const header = Buffer.alloc(12);
  header.write('glTF', 0, 'latin1');
  header.writeUInt32LE(version, 4);
  header.writeUInt32LE(declared ?? 12 + body.length, 8);
  return Buffer.concat([header, body]);
}
