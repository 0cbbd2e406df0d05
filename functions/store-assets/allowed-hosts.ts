import type { LookupAddress } from 'node:dns';
import { BlockList, type LookupFunction } from 'node:net';
import { errorOf } from '../platform/to-error.ts';
import { DownloadBrokenError } from '../platform/errors.ts';

/** All addresses of a name. */
export type Lookup = (hostname: string) => Promise<LookupAddress[]>;

/** Only Scenario's hosts, and the configured API's own. */
export function isAllowed(url: URL, api: URL): boolean {
  if (url.username !== '' || url.password !== '') return false;
  if (url.origin === api.origin) return true;
  return url.protocol === 'https:' && url.port === '' && url.hostname.endsWith('.scenario.com');
}

const INSIDE = new BlockList();
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
] as const)
  INSIDE.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  INSIDE.addSubnet(net, bits, 'ipv6');

/**
 * Resolves names for a connection, and refuses those that lead inside the network. It is asked at the moment of connecting,
 * so a name can not be changed between the check and its use.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 */
export function outsideOnly(lookup: Lookup): LookupFunction {
  return (hostname, options, callback) => {
    const resolve = async () => {
      const addresses = await lookup(hostname);
      const inside = addresses.find(({ address, family }) =>
        INSIDE.check(address, family === 6 ? 'ipv6' : 'ipv4'),
      );
      if (inside) throw new DownloadBrokenError(`${hostname} has a private address: ${inside.address}`);
      return addresses;
    };
    resolve().then(
      (addresses) => {
        const [first] = addresses;
        if (options.all) callback(null, addresses);
        else callback(null, first?.address ?? '', first?.family);
      },
      (error: unknown) => callback(errorOf(error), ''),
    );
  };
}
