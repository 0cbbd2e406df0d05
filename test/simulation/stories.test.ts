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

/** Found by the campaign, and kept because each of them once broke a promise. */
describe('an answer is announced', () => {
  it('when the bus was out longer than anybody tried, and the status event was lost with it', async () => {
    expect(await brokenBy(known('status events never come'), known('EventBridge is out'))).toBe('');
  });

  it('when one invocation dies before its event, and another has seen its manifest and not its record', async () => {
    const dies: Disturbance = {
      name: 'killed before the event',
      metadata: { 'tripo-face-limits': '3' },
      at: { call: 'EventBridge PutEvents', what: { what: 'crash-before' } },
    };
    const waits: Disturbance = {
      name: 'the look for a manifest is under way for 8 s',
      at: { call: 'S3 HeadObject models', what: { what: 'stalled', seconds: 8 } },
    };

    expect(await brokenBy(dies, waits, known('two invocations of one message'))).toBe('');
  });
});
