import { createRequire } from 'node:module';

/** The report of the validator, which has no types. */
interface Report {
  readonly issues: {
    readonly numErrors: number;
    readonly numWarnings: number;
    readonly messages: { readonly severity: number }[];
  };
  readonly info: { readonly totalTriangleCount: number };
}

/** The glTF validator of Khronos. */
export const { validateBytes } = createRequire(import.meta.url)('gltf-validator') as {
  readonly validateBytes: (bytes: Uint8Array) => Promise<Report>;
};
