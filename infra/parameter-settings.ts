import { type ParameterSettings, resolveParameters } from '../functions/shared/parameters.ts';

/** Lambda allows 4 KB of environment in all. */
const MOST_BYTES = 3 * 1024;

/**
 * What SubmitJob is told about parameters and keys, as its environment, once it is certain that it makes sense.
 *
 * @throws Error naming the default or the folder whose values exclude each other, or the size
 */
export function uploadSettings(settings: ParameterSettings, ignorePrefixes: readonly string[]) {
  checkFolders(settings);
  const environment = {
    PARAMETER_SETTINGS: JSON.stringify(settings),
    IGNORE_PREFIXES: JSON.stringify(ignorePrefixes),
  };
  const bytes = Buffer.byteLength(Object.values(environment).join(''));
  if (bytes > MOST_BYTES)
    throw new Error(
      `defaults, presets and ignorePrefixes take ${bytes} bytes together; at most ${MOST_BYTES} fit`,
    );
  return environment;
}

function checkFolders({ defaults, presets }: ParameterSettings): void {
  const seen = new Set<string>();
  for (const folder of ['', ...Object.keys(presets)]) {
    const name = folder.replace(/\/+$/, '');
    if (seen.has(name))
      throw new Error(
        `presets.${folder}: the folder is ${name === '' ? 'empty; use defaults for all uploads' : 'there twice'}`,
      );
    seen.add(name);
    const resolved = resolveParameters(`${name}/image.png`, {}, { defaults, presets });
    if ('failure' in resolved)
      throw new Error(`${name === '' ? 'defaults' : `presets.${folder}`}: ${resolved.failure.reason}`);
  }
}
