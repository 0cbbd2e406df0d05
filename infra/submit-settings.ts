import type { Again } from '../functions/submit-job/on-duplicate.ts';
import { type ParameterSettings, resolveParameters } from '../functions/models/parameters.ts';
import { WrongSettingError } from './invalid-setting.ts';

/** About parameters, keys and money. */
export interface SubmitSettings {
  /** Parameters of every upload that says nothing else. @default the model's own defaults */
  readonly defaults?: ParameterSettings['defaults'];
  /** Parameters by folder of the upload bucket; the longest match wins. @default none */
  readonly presets?: ParameterSettings['presets'];
  /** Uploads below these prefixes are none of ours. @default none */
  readonly ignorePrefixes?: readonly string[];
  /** Compute units; an upload whose quote is dearer is rejected. @default 150 */
  readonly maxCuPerRun?: number;
  /** Compute units of one day (UTC); beyond them uploads are held until the next day. @default no limit */
  readonly maxCuPerDay?: number;
  /** What becomes of an image whose model is stored already. @default 'rerun': a new one is paid for */
  readonly again?: Again;
}

/** Lambda allows 4 KB of environment in all. */
const MOST_BYTES = 3 * 1024;

/**
 * What SubmitJob is told about parameters, keys and money, as its environment, once it is certain that it makes sense.
 *
 * @throws WrongSettingError when values of a default or a folder exclude each other, when they take too much room, or
 *   when an image that is allowed would never fit into a day
 */
export function submitSettings({
  defaults = {},
  presets = {},
  ignorePrefixes = [],
  maxCuPerRun = 150,
  maxCuPerDay = Number.POSITIVE_INFINITY,
  again = 'rerun',
}: SubmitSettings) {
  checkFolders({ defaults, presets });
  const texts = {
    PARAMETER_SETTINGS: JSON.stringify({ defaults, presets }),
    IGNORE_PREFIXES: JSON.stringify(ignorePrefixes),
  };
  const bytes = Buffer.byteLength(Object.values(texts).join(''));
  if (bytes > MOST_BYTES)
    throw new WrongSettingError(
      `defaults, presets and ignorePrefixes take ${bytes} bytes together; at most ${MOST_BYTES} fit`,
    );
  if (maxCuPerDay < maxCuPerRun)
    throw new WrongSettingError(
      `maxCuPerDay: ${maxCuPerDay} is less than maxCuPerRun, ${maxCuPerRun}: a dear image would wait for ever`,
    );
  return {
    ...texts,
    MAX_CU_PER_RUN: String(maxCuPerRun),
    MAX_CU_PER_DAY: String(maxCuPerDay),
    AGAIN: again,
  };
}

function checkFolders({ defaults, presets }: ParameterSettings): void {
  const seen = new Set<string>();
  for (const folder of ['', ...Object.keys(presets)]) {
    const name = folder.replace(/\/+$/, '');
    if (seen.has(name))
      throw new WrongSettingError(
        `presets.${folder}: the folder is ${name === '' ? 'empty; use defaults for all uploads' : 'there twice'}`,
      );
    seen.add(name);
    const resolved = resolveParameters(`${name}/image.png`, {}, { defaults, presets });
    if ('failure' in resolved)
      throw new WrongSettingError(
        `${name === '' ? 'defaults' : `presets.${folder}`}: ${resolved.failure.reason}`,
      );
  }
}
