import { createHash } from 'node:crypto';
import { UsageError } from '../../operator/usage-error.ts';

/** Which Scenario a run talks to. */
export type Service =
  | { readonly standIn: true }
  | { readonly standIn: false; readonly url: string; readonly apiKey: string; readonly apiSecret: string };

const REAL_URL = 'https://api.cloud.scenario.com/v1';

/**
 * The real service when both keys are in the environment, else the stand-in. Half a configuration is refused: somebody
 * meant something by it.
 *
 * @throws UsageError
 */
export function serviceIn(environment: NodeJS.ProcessEnv, wantsStandIn: boolean): Service {
  const given = Object.keys(environment).filter((name) => name.startsWith('SCENARIO_') && environment[name]);
  const { SCENARIO_SDK_API_KEY: apiKey, SCENARIO_SDK_API_SECRET: apiSecret, SCENARIO_BASE_URL: url } = environment;
  if (given.length > 0 && (!apiKey || !apiSecret)) {
    throw new UsageError(
      `${given.join(' and ')} without both keys: set SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET for the real service, or unset ${given.join(' and ')} for the stand-in`,
    );
  }
  if (!apiKey || !apiSecret || wantsStandIn) return { standIn: true };
  if (url && !isSafe(url)) throw new UsageError(`SCENARIO_BASE_URL=${url}: it begins with https:// and includes /v1`);
  return { standIn: false, url: (url || REAL_URL).replace(/\/+$/, ''), apiKey, apiSecret };
}

/**
 * The folder, within the data folder, of all that was begun with this service. What one Scenario knows of, another does
 * not: an upload meant for the stand-in must never cost money, and a paid job never be looked for at the stand-in.
 */
export function folderOf(service: Service): string {
  if (service.standIn) return 'stand-in';
  const key = createHash('sha256').update(`${service.url}\n${service.apiKey}`).digest('hex').slice(0, 8);
  return `${new URL(service.url).hostname.replaceAll(/[^a-z0-9.-]/gi, '-')}-${key}`;
}

/** The credentials travel with every call: without https only to this very machine. */
function isSafe(url: string): boolean {
  const { protocol, hostname } = URL.parse(url) ?? {};
  return (
    protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname ?? ''))
  );
}
