/** The Draco codec. It is compiled from C++ and ships no types. */
declare module 'draco3dgltf' {
  const draco: {
    readonly createDecoderModule: () => Promise<unknown>;
    readonly createEncoderModule: () => Promise<unknown>;
  };
  export default draco;
}
