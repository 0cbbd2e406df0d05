import type { LookupAddress } from 'node:dns';
import { BlockList, isIPv6, type LookupFunction } from 'node:net';
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

const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(net, bits, isIPv6(net) ? 'ipv6' : 'ipv4');

/**
 * Resolves names for a connection and refuses private addresses. It runs when the connection is made, so a name cannot
 * change between the check and its use.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 */
export function refusePrivate(lookup: Lookup): LookupFunction {
  const lookUp = async (hostname: string) => {
    const addresses = await lookup(hostname);
    const found = addresses.find(({ address, family }) => PRIVATE.check(address, family === 6 ? 'ipv6' : 'ipv4'));
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
