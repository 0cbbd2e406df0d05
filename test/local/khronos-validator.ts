import { createRequire } from 'node:module';

/** What the validator says of a file; it has no types of its own. */
interface Report {
  readonly issues: {
    readonly numErrors: number;
    readonly numWarnings: number;
    readonly messages: { readonly severity: number }[];
  };
  readonly info: { readonly totalTriangleCount: number };
}

/** Khronos' own glTF validator. */
export const { validateBytes } = createRequire(import.meta.url)('gltf-validator') as {
  readonly validateBytes: (bytes: Uint8Array) => Promise<Report>;
};
