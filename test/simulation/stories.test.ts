import { describe, expect, it } from 'vitest';
import { type Disturbance, DISTURBANCES } from './campaign/disturbances.ts';
import { disturbedHistory, nameOf } from './campaign/disturbed-history.ts';
import { play, told } from './campaign/history.ts';
import { files } from './world/images.ts';

function known(name: string): Disturbance {
  const found = DISTURBANCES.find((one) => one.name.startsWith(name));
  if (!found) throw new Error(`there is no disturbance ${name}`);
  return found;
}

async function brokenBy(...disturbances: readonly Disturbance[]): Promise<string> {
  const ended = await play(disturbedHistory(disturbances, 1));
  return ended.problem === undefined ? '' : told(ended, nameOf(disturbances));
}

describe('one picture', () => {
  const copies = (count: number, seconds: number, metadata = {}) =>
    Array.from({ length: count }, (_, n) => ({
      atSeconds: (n * seconds) / count,
      key: `oak ${n}.png`,
      bytes: files.png,
      metadata,
    }));

  it.each([
    ['twenty copies at once', 20, 0],
    ['three within a second', 3, 1],
    ['five over an hour', 5, 3600],
  ])('is paid once for %s, and each of them gets the model', async (_, count, seconds) => {
    const ended = await play({ setting: { seed: 1 }, drops: copies(count, seconds) });

    expect(ended.problem).toBeUndefined();
    expect(ended.payments).toBe(1);
    expect(ended.phases).toEqual(Array.from({ length: count }, () => 'stored'));
  });

  it('is bought again after a failure that was refunded, and not after one that cost money', async () => {
    const fails = (isRefundable: boolean) => ({
      seed: 1,
      standIn: { faults: [{ on: 'generate', what: 'fails', times: 1, refund: isRefundable } as const] },
    });

    const refunded = await play({ setting: fails(true), drops: copies(4, 0) });
    const costly = await play({ setting: fails(false), drops: copies(4, 0) });

    expect([refunded.problem, refunded.payments, refunded.phases.toSorted()]).toEqual([
      undefined,
      2,
      ['failed', 'stored', 'stored', 'stored'],
    ]);
    expect([costly.problem, costly.payments, costly.phases]).toEqual([
      undefined,
      1,
      ['failed', 'failed', 'failed', 'failed'],
    ]);
  });

  it('is paid for each upload that asks for a model of its own', async () => {
    const ended = await play({
      setting: { seed: 1 },
      drops: copies(3, 0, { 'meshdrop-on-duplicate': 'regenerate' }),
    });

    expect([ended.problem, ended.payments]).toEqual([undefined, 3]);
  });
});

/** Histories that the campaign found, each of which once broke a promise. */
describe('a result is announced', () => {
  it('if an outage of the bus outlasts all retries, and the status event is lost', async () => {
    expect(await brokenBy(known('status events never arrive'), known('outage of EventBridge'))).toBe('');
  });

  it('if one invocation dies before its event, and another has seen its manifest but not its record', async () => {
    const dies: Disturbance = {
      name: 'killed before the event',
      metadata: { 'tripo-face-limits': '3' },
      at: { call: 'EventBridge PutEvents', what: { what: 'crash-before' } },
    };
    const waits: Disturbance = {
      name: 'the lookup of the manifest takes 8 s',
      at: { call: 'S3 HeadObject models', what: { what: 'stalled', seconds: 8 } },
    };

    expect(await brokenBy(dies, waits, known('two invocations of one message'))).toBe('');
  });
});
