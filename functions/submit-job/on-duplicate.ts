import * as z from 'zod';
import { type Failure, wrong } from '../contract/failures.ts';

/** What becomes of an image whose model is stored already: a new one is paid for, or the old one is announced again. */
export const againSchema = z.enum(['rerun', 'reuse']);
export type Again = z.infer<typeof againSchema>;

const PREFIX = 'meshdrop-';
const KEY = `${PREFIX}again`;

/**
 * What the upload says, else what the deployment says.
 *
 * @param metadata user metadata of the object, keys in lower case, as `{ 'meshdrop-again': 'reuse' }`
 */
export function againIn(
  metadata: Readonly<Record<string, string>>,
  otherwise: Again,
): { readonly again: Again } | { readonly failure: Failure } {
  const unknown = Object.keys(metadata).find((key) => key.startsWith(PREFIX) && key !== KEY);
  if (unknown !== undefined)
    return wrong('unknown-parameter', `${unknown}: there is no such key, the only one is ${KEY}`);
  const said = metadata[KEY];
  if (said === undefined) return { again: otherwise };
  const again = againSchema.safeParse(said.trim().toLowerCase());
  if (again.success) return { again: again.data };
  const allowed = againSchema.options.join(' or ');
  return wrong('bad-parameter', `${KEY}: "${said}" is not allowed; use ${allowed}`);
}
