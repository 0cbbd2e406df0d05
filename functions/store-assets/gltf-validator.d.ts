/** Khronos' own glTF validator, compiled from Dart; it has no types of its own. */
declare module 'gltf-validator' {
  export function validateBytes(
    bytes: Uint8Array,
    options: { readonly format: 'glb'; readonly maxIssues: number },
  ): Promise<unknown>;
}
