/** The Khronos glTF validator. It is compiled from Dart and ships no types. */
declare module 'gltf-validator' {
  export function validateBytes(
    bytes: Uint8Array,
    options: { readonly format: 'glb'; readonly maxIssues: number },
  ): Promise<unknown>;
}
