import { describe, expect, it } from 'vitest';
import { type Disturbance, DISTURBANCES } from './disturbances.ts';
import { disturbedHistory, nameOf } from './disturbed-history.ts';
import { play, told } from './history.ts';

function known(name: string): Disturbance {
  const found = DISTURBANCES.find((one) => one.name.startsWith(name));
  if (!found) throw new Error(`there is no disturbance ${name}`);
  return found;
}

async function brokenBy(...disturbances: readonly Disturbance[]): Promise<string> {
  const ended = await play(disturbedHistory(disturbances, 1));
  return ended.problem === undefined ? '' : told(ended, nameOf(disturbances));
}

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
