import { describe, expect, it } from 'vitest';
import { isAllowed, refusePrivate } from '../../../functions/scenario/allowed-hosts.ts';

const api = new URL('https://api.cloud.scenario.com/v1');

describe('a host', () => {
  it.each([
    ['https://cdn.cloud.scenario.com/a', [], true],
    ['https://scenario.com/a', [], false],
    ['https://evilscenario.com/a', [], false],
    ['http://cdn.cloud.scenario.com/a', [], false],
    ['https://d111.cloudfront.net/a', [], false],
    ['https://d111.cloudfront.net/a', ['d111.cloudfront.net'], true],
    ['https://eu.d111.cloudfront.net/a', ['d111.cloudfront.net'], true],
    ['https://d222.cloudfront.net/a', ['d111.cloudfront.net'], false],
  ])('of %s with %j is allowed: %s', (url, resultHosts, expected) => {
    expect(isAllowed(new URL(url), api, resultHosts)).toBe(expected);
  });
});

describe('an address', () => {
  const connect = async (addresses: Readonly<Record<string, string>>, host = 'cdn.scenario.com') => {
    const lookup = async (hostname: string) => [{ address: addresses[hostname] ?? '', family: 4 }];
    const { promise, resolve } = Promise.withResolvers<string>();
    refusePrivate(lookup, api)(host, { all: false }, (error, address) =>
      resolve(error?.message ?? (typeof address === 'string' ? address : '')),
    );
    return await promise;
  };

  it.each(['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946', '64:ff9b::5db8:d822'])(
    '%s is public',
    async (address) => {
      expect(await connect({ 'cdn.scenario.com': address, 'api.cloud.scenario.com': '93.184.216.34' })).toBe(address);
    },
  );

  it.each([
    '10.0.0.1',
    '169.254.169.254',
    '127.0.0.1',
    '::1',
    'fd00::1',
    '192.0.2.1',
    '2002:a00:1::',
    '64:ff9b::a00:1',
    '::ffff:10.0.0.1',
  ])('%s is not', async (address) => {
    const told = await connect({ 'cdn.scenario.com': address, 'api.cloud.scenario.com': '93.184.216.34' });

    expect(told).toBe(`cdn.scenario.com has a private address: ${address}`);
  });

  it('of a network that gives every name one of its own is fine if the API has one, too', async () => {
    const addresses = { 'cdn.scenario.com': '198.18.0.7', 'api.cloud.scenario.com': '198.18.0.9' };

    expect(await connect(addresses)).toBe('198.18.0.7');
    expect(await connect({ ...addresses, 'api.cloud.scenario.com': '93.184.216.34' })).toMatch(/private/);
  });

  it('of the machine itself or of its cloud is never fine', async () => {
    for (const address of ['127.0.0.1', '169.254.169.254'])
      expect(await connect({ 'cdn.scenario.com': address, 'api.cloud.scenario.com': address })).toMatch(/private/);
  });
});
