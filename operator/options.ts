import { type ParseArgsConfig, parseArgs } from 'node:util';
import { closestMatch } from 'leven';
import { UsageError } from './usage-error.ts';

/**
 * Parses the options of a command.
 *
 * @throws UsageError that names an unknown option and the most similar known one
 */
export function optionsIn<Config extends ParseArgsConfig & { options: object }>(
  args: readonly string[],
  config: Config,
) {
  const known = Object.keys(config.options);
  const unknown = args
    .map((arg) => /^--([^=]+)/.exec(arg)?.[1])
    .find((name) => name !== undefined && !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`there is no option --${unknown}${meant(unknown, known, '--')} (--help shows all)`);
  try {
    return parseArgs<Config & { args: string[] }>({ ...config, args: [...args] });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.split(/\.\s|\n/)[0] : String(cause);
    throw new UsageError(`${said} (--help shows all)`, { cause });
  }
}

/** `, did you mean --data?`, or nothing if no known word is similar. */
export function meant(word: string, known: readonly string[], before = ''): string {
  const near = closestMatch(word, [...known], { maxDistance: 3 });
  return near === undefined ? '' : `, did you mean ${before}${near}?`;
}
