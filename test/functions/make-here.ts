import type { Make } from '../../functions/make-renditions/make-in-thread.ts';

/** Makes renditions of a few bytes, always the same for the same order: threads would run in real time. */
export const makeHere: Make = async ({ glb, reason, wish: { names, height } }) => {
  const none = names.map((role) => ({ role, reason }));
  if (!glb) return { files: [], missing: none, certificates: [], notes: [] };
  const files = names.map((role) => {
    const isModel = role === 'web' || role === 'plain';
    const text = `${role} of ${glb.length} bytes, ${height ?? 1} m high`;
    const bytes = new Uint8Array(Buffer.from(isModel ? `glTF____\0\0\0\0${text}` : text));
    if (isModel) new DataView(bytes.buffer).setUint32(8, bytes.length, true);
    return { role, contentType: isModel ? 'model/gltf-binary' : 'image/webp', bytes };
  });
  return { files, missing: [], certificates: [], notes: [] };
};
