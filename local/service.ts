import { WrongCallError } from './wrong-call.ts';

/** Which Scenario a run talks to. */
export type Service =
  | { readonly standIn: true }
  | { readonly standIn: false; readonly url: string; readonly apiKey: string; readonly apiSecret: string };

const REAL_URL = 'https://api.cloud.scenario.com/v1';

/**
 * The real service when both keys are in the environment, else the stand-in. Half a configuration is refused: somebody
 * meant something by it.
 *
 * @throws WrongCallError
 */
export function serviceIn(environment: NodeJS.ProcessEnv, wantsStandIn: boolean): Service {
  const given = Object.keys(environment).filter((name) => name.startsWith('SCENARIO_') && environment[name]);
  const {
    SCENARIO_SDK_API_KEY: apiKey,
    SCENARIO_SDK_API_SECRET: apiSecret,
    SCENARIO_BASE_URL: url,
  } = environment;
  if (given.length > 0 && (!apiKey || !apiSecret)) {
    throw new WrongCallError(
      `${given.join(' and ')} without both keys: set SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET for the real service, or unset ${given.join(' and ')} for the stand-in`,
    );
  }
  if (!apiKey || !apiSecret || wantsStandIn) return { standIn: true };
  if (url && !/^https?:\/\//.test(url))
    throw new WrongCallError(`SCENARIO_BASE_URL=${url}: it begins with https:// and includes /v1`);
  return { standIn: false, url: (url || REAL_URL).replace(/\/+$/, ''), apiKey, apiSecret };
}
