import * as z from 'zod';
import { isIgnored } from '../../functions/run/upload.ts';
import type { Template } from '../aws/template.ts';

const prefixes = z.array(z.string());

/** Returns a function that recognizes the keys that SubmitJob ignores. */
export function isIgnoredBy({ functions }: Template): (key: string) => boolean {
  const lists = functions.flatMap(({ properties }) => properties.Environment?.Variables['IGNORE_PREFIXES'] ?? []);
  const ignored = lists.flatMap((list) => prefixes.parse(JSON.parse(list)));
  return (key) => isIgnored(key, ignored);
}
