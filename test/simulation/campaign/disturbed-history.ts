import type { StandInOptionsInput } from '../../../local/scenario/moods/options.ts';
import type { Disturbance } from './disturbances.ts';
import type { History } from './history.ts';
import { files } from '../world/images.ts';
import { isDuring, type Outage } from '../world/wire-faults.ts';
import type { WirePlan } from '../world/wire.ts';

const LARGE_IMAGE = Buffer.concat([files.png, Buffer.alloc(6_000_000)]);

/** Creates a history with one upload and all of these disturbances. */
export function disturbedHistory(disturbances: readonly Disturbance[], seed: number): History {
  const all = <T>(pick: (one: Disturbance) => T | undefined): readonly T[] =>
    disturbances.map(pick).filter((value) => value !== undefined);
  const knobs = Object.assign({ jobSeconds: 90 }, ...all(({ standIn }) => standIn)) as StandInOptionsInput;
  return {
    setting: {
      seed,
      standIn: { ...knobs, faults: all(({ standIn }) => standIn?.faults).flat() },
      skewSeconds: Object.assign({}, ...all(({ skewSeconds }) => skewSeconds)) as Record<string, number>,
      environment: Object.assign({}, ...all(({ environment }) => environment)) as Record<string, string>,
      wire: planOf(
        all(({ at }) => at),
        all(({ outage }) => outage),
      ),
      delivery: (_nth, event) =>
        all(({ delivery }) => delivery)
          .map((delivery) => delivery(event))
          .find((seconds) => seconds !== undefined),
      receivedTwice: (nth) => nth === 1 && disturbances.some(({ isReceivedTwice }) => isReceivedTwice),
    },
    drops: [
      {
        atSeconds: 0,
        key: 'chairs/oak.png',
        bytes: disturbances.some(({ isLarge }) => isLarge) ? LARGE_IMAGE : files.png,
        metadata: Object.assign({}, ...all(({ metadata }) => metadata)) as Record<string, string>,
      },
    ],
    pausedSeconds: all(({ pausedSeconds }) => pausedSeconds)[0],
    changes: all(({ changes }) => changes).flat(),
  };
}

function planOf(all: readonly NonNullable<Disturbance['at']>[], outages: readonly Outage[]): WirePlan {
  const left = all.map(({ nth = 1, ...at }) => ({ ...at, nth }));
  return (wireCall) => {
    const { name } = wireCall;
    const hit = left.filter(({ call, nth }) => nth > 0 && name.startsWith(call));
    for (const one of hit) one.nth -= 1;
    return (hit.find(({ nth }) => nth === 0) ?? outages.find((outage) => isDuring(outage, wireCall)))?.what;
  };
}

export function nameOf(disturbances: readonly Disturbance[]): string {
  return disturbances.map(({ name }) => name).join(' + ');
}
