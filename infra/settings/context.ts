import { parseJson } from '../../functions/platform/json.ts';
import { InvalidSettingError } from './invalid-setting.ts';

const PREFIX = 'meshdrop.';

/**
 * Collects the settings of the CDK context: `context.meshdrop` of `cdk.json`, or `-c 'meshdrop={…}'` instead of it, and
 * single ones such as `-c meshdrop.maxCuPerRun=5`, which take precedence. The command line of CDK gives only strings.
 *
 * @throws InvalidSettingError if `-c meshdrop=…` is not JSON
 */
export function settingsInContext(context: Readonly<Record<string, unknown>>): unknown {
  const single = Object.entries(context).filter(([key]) => key.startsWith(PREFIX));
  const given = valueOf(context['meshdrop'] ?? {});
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new InvalidSettingError(
      `meshdrop must be an object of settings, but it is ${JSON.stringify(given)}: use -c 'meshdrop={"maxCuPerRun":5}' or -c meshdrop.maxCuPerRun=5`,
    );
  return {
    ...given,
    ...Object.fromEntries(single.map(([key, value]) => [key.slice(PREFIX.length), valueOf(value)])),
  };
}

/** Reads a string as JSON if it is JSON: `5`, `true`, `["*.psd"]`. */
function valueOf(value: unknown): unknown {
  return typeof value === 'string' ? (parseJson(value) ?? value) : value;
}
