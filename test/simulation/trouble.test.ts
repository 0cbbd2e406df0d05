import './world/timeouts.ts';
import { expect, it } from 'vitest';
import type { StandInOptionsInput } from '../../local/scenario/moods/options.ts';
import { anotherPicture, files } from './world/images.ts';
import { openWorld } from './world/open-world.ts';
import type { World } from './world/world.ts';

/** Enough uploads that the limits below are exceeded if a tenth of them is received in a minute. */
const UPLOADS = 200;
/** Longer than the longest hold of a message, which is 15 minutes. */
const TROUBLE_SECONDS = 1_200;

interface Trouble {
  readonly what: string;
  readonly standIn?: StandInOptionsInput;
  readonly begins?: (world: World) => Promise<unknown> | void;
  readonly ends: (world: World) => Promise<unknown> | void;
  /** The maximum delay until Meshdrop notices the end of the trouble. */
  readonly seconds: number;
}

const pause = 'control/paused.json';

const troubles: readonly Trouble[] = [
  {
    what: 'a full ceiling',
    standIn: { concurrencyCeiling: 0 },
    ends: ({ standIn }) => standIn.setOptions({ concurrencyCeiling: 5 }),
    // Without a sign of the end, one upload tries again every fifteen minutes.
    seconds: 1_000,
  },
  {
    what: 'an account without credits',
    standIn: { creditsLeft: 0 },
    ends: ({ standIn }) => standIn.setOptions({ creditsLeft: null }),
    // One upload probes every fifteen minutes.
    seconds: 1_000,
  },
  {
    what: 'a pause',
    begins: ({ aws, assetBucket }) => aws.store.put(assetBucket, pause, nothing()),
    ends: ({ aws, assetBucket }) => aws.store.delete(assetBucket, pause),
    seconds: 20,
  },
];

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function passUntil(world: World, isOver: () => boolean): Promise<void> {
  while (!isOver()) if (!(await world.step())) throw new Error('no event is left');
}

function requestsOf(world: World): number {
  return Object.values(world.ledger().requests).reduce((sum, count) => sum + count, 0);
}

it.each(troubles)(
  'twenty minutes of $what takes few calls per minute, receives no waiting message, and needs no intervention',
  async ({ standIn = {}, begins, ends, seconds }) => {
    const world = await openWorld({ seed: 1, standIn: { jobSeconds: 120, ...standIn } });
    const start = world.clock.now();
    const secondsPassed = () => (world.clock.now() - start) / 1000;
    await begins?.(world);
    for (let n = 1; n <= UPLOADS; n += 1) await world.drop({ key: `${n}.png`, bytes: anotherPicture(files.png, n) });

    await passUntil(world, () => secondsPassed() >= TROUBLE_SECONDS);

    const touched = world.uploadsQueue.messages().filter(({ receiveCount }) => receiveCount > 0);
    expect(world.uploadsQueue.messages()).toHaveLength(UPLOADS);
    // SQS moves a message to the back after three receives of five minutes each, so each of the two places in hand
    // touches a message each quarter of an hour. At first, two more are refused.
    expect(touched.length).toBeLessThanOrEqual(6);
    expect(requestsOf(world) / (TROUBLE_SECONDS / 60)).toBeLessThan(30);
    expect(world.ledger().jobs).toEqual([]);

    await ends(world);
    const endedAt = secondsPassed();
    await passUntil(world, () => world.ledger().jobs.length > 0);

    expect(secondsPassed() - endedAt).toBeLessThan(seconds);
    await world.close();
  },
);
