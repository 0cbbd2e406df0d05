import type { Mesh } from './relief-mesh.ts';

/** FBX 7.4, which all importers of the last ten years support. */
const VERSION = 7400;
const MAGIC = 'Kaydara FBX Binary  \x00\x1a\x00';

/**
 * Writes the surface as a binary FBX with the magic number, the version, and a Geometry node with vertices and
 * polygons. The file exists to be recognized, copied, and measured. To view the model, use the GLB.
 */
export function fbxOf({ positions, indices }: Mesh): Uint8Array {
  const magic = Buffer.alloc(MAGIC.length + 4);
  magic.write(MAGIC, 'latin1');
  magic.writeUInt32LE(VERSION, MAGIC.length);
  // The bitwise complement marks the last vertex of a polygon.
  const corners = Int32Array.from(indices, (index, i) => (i % 3 === 2 ? ~index : index));
  const geometry = (at: number) =>
    nodeAt(at, 'Geometry', Buffer.alloc(0), 0, (inner) => {
      const vertices = nodeAt(inner, 'Vertices', arrayOf('d', Float64Array.from(positions)), 1);
      const polygons = nodeAt(inner + vertices.length, 'PolygonVertexIndex', arrayOf('i', corners), 1);
      return Buffer.concat([vertices, polygons]);
    });
  return Buffer.concat([magic, nodeAt(magic.length, 'Objects', Buffer.alloc(0), 0, geometry), END, FOOTER]);
}

/** The last bytes of every file of the usual programs. */
const FOOTER = Buffer.from('f85a8c6adef5d97eece90ce3758f290b', 'hex');

/** A record of zeros ends a list of nodes. */
const END = Buffer.alloc(13);

function nodeAt(
  at: number,
  name: string,
  properties: Buffer,
  count: number,
  children?: (at: number) => Buffer,
): Buffer {
  const head = Buffer.alloc(13 + name.length);
  const inside = at + head.length + properties.length;
  const nested = children === undefined ? Buffer.alloc(0) : Buffer.concat([children(inside), END]);
  head.writeUInt32LE(inside + nested.length, 0);
  head.writeUInt32LE(count, 4);
  head.writeUInt32LE(properties.length, 8);
  head.writeUInt8(name.length, 12);
  head.write(name, 13, 'latin1');
  return Buffer.concat([head, properties, nested]);
}

function arrayOf(type: 'd' | 'i', array: Float64Array | Int32Array): Buffer {
  const head = Buffer.alloc(13);
  head.write(type, 'latin1');
  head.writeUInt32LE(array.length, 1);
  head.writeUInt32LE(array.byteLength, 9);
  return Buffer.concat([head, Buffer.from(array.buffer, array.byteOffset, array.byteLength)]);
}
