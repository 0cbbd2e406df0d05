import { isIgnored, readIgnored } from '../../functions/run/ignored.ts';
import type { Template } from '../aws/template.ts';

/** Returns a function that recognizes the keys that SubmitJob ignores. */
export function isIgnoredBy({ functions }: Template): (key: string) => boolean {
  const settings = functions.flatMap(({ properties }) => properties.Environment?.Variables['IGNORED'] ?? []);
  const ignored = settings.map((IGNORED) => readIgnored({ IGNORED }));
  return (key) => ignored.some((one) => isIgnored(key, one));
}
