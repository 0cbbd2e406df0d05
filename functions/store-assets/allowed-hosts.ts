import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { toError } from '../platform/errors.ts';
import { DownloadBrokenError } from './errors.ts';

/** Resolves a host name to all its addresses. */
export type Lookup = (hostname: string) => Promise<LookupAddress[]>;

/** Allows only Scenario's hosts and the configured API's own host. */
export function isAllowed(url: URL, api: URL): boolean {
  if (url.username !== '' || url.password !== '') return false;
  if (url.origin === api.origin) return true;
  return url.protocol === 'https:' && url.port === '' && url.hostname.endsWith('.scenario.com');
}

/**
 * Resolves names for a connection and refuses every address that is not public. It runs when the connection is made, so a
 * name cannot change between the check and its use.
 */
export function refusePrivate(lookup: Lookup): LookupFunction {
  const lookUp = async (hostname: string) => {
    const addresses = await lookup(hostname);
    const found = addresses.find(({ address }) => ipaddr.process(address).range() !== 'unicast');
    if (found) throw new DownloadBrokenError(`${hostname} has a private address: ${found.address}`);
    return addresses;
  };
  return (hostname, { all }, callback) => {
    lookUp(hostname).then(
      (addresses) =>
        all ? callback(null, addresses) : callback(null, addresses[0]?.address ?? '', addresses[0]?.family),
      (error: unknown) => callback(toError(error), ''),
    );
  };
}
