import type { Make } from '../../functions/make-renditions/make-in-thread.ts';

/** Makes renditions of a few bytes, always the same for the same order: threads would run in real time. */
export const makeHere: Make = async ({ glb, reason, wish: { names, height } }) => {
  const none = names.map((role) => ({ role, reason }));
  if (!glb) return { files: [], missing: none, certificates: [], notes: [] };
  const files = names.map((role) => ({
    role,
    contentType: role === 'poster' || role === 'turntable' ? 'image/webp' : 'model/gltf-binary',
    bytes: new TextEncoder().encode(`${role} of ${glb.length} bytes, ${height ?? 1} m`),
  }));
  return { files, missing: [], certificates: [], notes: [] };
};
