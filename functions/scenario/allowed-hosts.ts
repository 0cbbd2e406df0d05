import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { toError } from '../platform/errors.ts';

/** Resolves a host name to all its addresses. */
export type Lookup = (hostname: string) => Promise<LookupAddress[]>;

/** A host that no file is fetched from or sent to. */
export class HostRefusedError extends Error {
  override readonly name = 'HostRefusedError';
}

/**
 * Allows only Scenario's hosts, the configured API's own host, and the deployment's list.
 *
 * @param resultHosts host names that are allowed together with everything below them: `d111.cloudfront.net`
 */
export function isAllowed(url: URL, api: URL, resultHosts: readonly string[] = []): boolean {
  if (url.username !== '' || url.password !== '') return false;
  if (url.origin === api.origin) return true;
  const isListed = ['scenario.com', ...resultHosts].some(
    (host) => url.hostname.endsWith(`.${host}`) || (host === url.hostname && host !== 'scenario.com'),
  );
  return url.protocol === 'https:' && url.port === '' && isListed;
}

/**
 * Resolves a name, and refuses every address that is not public.
 *
 * @param api some networks give every name an address of theirs. What the API's own name gets is no sign of a private host
 * @throws HostRefusedError
 */
export async function resolvePublic(hostname: string, lookup: Lookup, api: URL): Promise<LookupAddress[]> {
  const addresses = await lookup(hostname);
  const foreign = addresses.filter(({ address }) => rangeOf(address) !== 'unicast');
  if (foreign.length === 0) return addresses;
  const usual = new Set(
    ipaddr.isValid(api.hostname) ? [] : (await lookup(api.hostname)).map(({ address }) => rangeOf(address)),
  );
  const found = foreign.find(({ address }) => !usual.has(rangeOf(address)) || NEVER.includes(rangeOf(address)));
  if (found) throw new HostRefusedError(`${hostname} has a private address: ${found.address}`);
  return addresses;
}

/** Resolves names when a connection is made, so that a name cannot change between the check and its use. */
export function refusePrivate(lookup: Lookup, api: URL): LookupFunction {
  return (hostname, { all }, callback) => {
    resolvePublic(hostname, lookup, api).then(
      (addresses) =>
        all ? callback(null, addresses) : callback(null, addresses[0]?.address ?? '', addresses[0]?.family),
      (error: unknown) => callback(toError(error), ''),
    );
  };
}

/** The machine itself, and the metadata of clouds. */
const NEVER = ['loopback', 'linkLocal', 'unspecified'];

/** Behind NAT64, the public address is a part of the other one. */
function rangeOf(text: string): string {
  const address = ipaddr.process(text);
  if (address.kind() !== 'ipv6' || address.range() !== 'rfc6052') return address.range();
  return ipaddr.fromByteArray(address.toByteArray().slice(12)).range();
}
