import { join } from 'node:path';

/** In the package, the template is synthesized already, with the default settings. */
export class SynthError extends Error {
  override readonly name = 'SynthError';
}

export async function assembly(): Promise<string> {
  return join(import.meta.dirname, 'assembly');
}
