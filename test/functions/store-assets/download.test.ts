import { expect, it } from 'vitest';
import { download } from '../../../functions/store-assets/download.ts';
import { httpGet } from '../../../functions/store-assets/http-get.ts';
import { openServer } from '../scripted-server.ts';
import { virtualTime } from '../virtual-time.ts';

const TOTAL_MS = 600_000;
const IDLE_MS = 30_000;

/** A download of so many bytes, whose alarms ring when they are told to. */
async function begun(bytes: number) {
  const { origin } = await openServer(() => ({ status: 200, body: Buffer.alloc(bytes) }));
  const alarms = new Map<number, { ring: () => void; refreshed: number; isClosed: boolean }>();
  const file = await download(`${origin}/file`, TOTAL_MS, {
    apiUrl: `${origin}/v1`,
    get: httpGet,
    lookup: async () => [],
    resultHosts: [],
    clock: {
      ...virtualTime(),
      alarm: (ms, ring) => {
        const alarm = { ring, refreshed: 0, isClosed: false };
        alarms.set(ms, alarm);
        return { refresh: () => void (alarm.refreshed += 1), close: () => void (alarm.isClosed = true) };
      },
    },
  });
  const alarm = (ms: number) => alarms.get(ms) ?? { ring: () => {}, refreshed: -1, isClosed: false };
  return { file, total: alarm(TOTAL_MS), idle: alarm(IDLE_MS) };
}

async function drain(bytes: AsyncIterable<Uint8Array>, onFirst = () => {}): Promise<number> {
  let length = 0;
  for await (const piece of bytes) {
    if (length === 0) onFirst();
    length += piece.length;
  }
  return length;
}

it('a download starts its idle wait again with every quarter of a megabyte, and no sooner', async () => {
  const small = await begun(200_000);
  const large = await begun(1_100_000);

  expect([await drain(small.file.bytes), await drain(large.file.bytes)]).toEqual([200_000, 1_100_000]);

  expect(small.idle.refreshed).toBe(0);
  expect(large.idle.refreshed).toBeGreaterThanOrEqual(3);
});

it('a download that waits for S3 does not count as stalled', async () => {
  const { file, idle } = await begun(1_000_000);

  expect(await drain(file.bytes, idle.ring)).toBe(1_000_000);
});

it('a download that takes too long is ended with a name', async () => {
  const { file, total } = await begun(10_000_000);

  await expect(drain(file.bytes, total.ring)).rejects.toMatchObject({
    name: 'DownloadBrokenError',
    message: 'the download takes too long',
  });
});

it('a closed download leaves no alarm behind', async () => {
  const { file, total, idle } = await begun(100);
  await drain(file.bytes);

  file.close();

  expect([total.isClosed, idle.isClosed]).toEqual([true, true]);
});
