import { createHash } from 'node:crypto';
import { UsageError } from './usage-error.ts';

/** The Scenario that Meshdrop uses. */
export type Service =
  | { readonly standIn: true }
  | { readonly standIn: false; readonly url: string; readonly apiKey: string; readonly apiSecret: string };

export const REAL_URL = 'https://api.cloud.scenario.com/v1';

/**
 * Selects the real Scenario if the environment has both keys, and otherwise the stand-in. Refuses an incomplete
 * configuration, because its intention is not clear.
 *
 * @throws UsageError
 */
export function serviceIn(environment: NodeJS.ProcessEnv, wantsStandIn: boolean): Service {
  const given = Object.keys(environment).filter((name) => name.startsWith('SCENARIO_') && environment[name]);
  const { SCENARIO_SDK_API_KEY: apiKey, SCENARIO_SDK_API_SECRET: apiSecret, SCENARIO_BASE_URL: url } = environment;
  if (given.length > 0 && (!apiKey || !apiSecret)) {
    throw new UsageError(
      `${given.join(' and ')} without both keys: set SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET for the real Scenario, or unset ${given.join(' and ')} for the stand-in`,
    );
  }
  if (!apiKey || !apiSecret || wantsStandIn) return { standIn: true };
  if (url && !isSafe(url))
    throw new UsageError(`SCENARIO_BASE_URL=${url}: the URL must begin with https:// and include /v1`);
  return { standIn: false, url: (url || REAL_URL).replace(/\/+$/, ''), apiKey, apiSecret };
}

/**
 * Returns the folder, relative to the data folder, for everything that belongs to this Scenario. Each Scenario has its
 * own folder, so that an upload for the stand-in never costs money, and a paid job is never looked up at the stand-in.
 */
export function folderOf(service: Service): string {
  if (service.standIn) return 'stand-in';
  const key = createHash('sha256').update(`${service.url}\n${service.apiKey}`).digest('hex').slice(0, 8);
  return `${new URL(service.url).hostname.replaceAll(/[^a-z0-9.-]/gi, '-')}-${key}`;
}

/** Allows HTTP only for this machine, because every call carries the credentials. */
function isSafe(url: string): boolean {
  const { protocol, hostname } = URL.parse(url) ?? {};
  return (
    protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname ?? ''))
  );
}
