import { describe, expect, it } from 'vitest';
import { anotherPicture, files } from './world/images.ts';
import { openWorld } from './world/open-world.ts';
import { isSettled, openEnds } from './world/end-check.ts';
import type { EventEnvelope } from '../../local/aws/events/envelope.ts';
import { toEvent } from '../../functions/run/event.ts';
import { manifestKey } from '../../functions/run/keys.ts';
import { orderMessage } from '../../functions/run/stored-model.ts';
import type { Setting, World } from './world/world.ts';

const MAX_STEPS = 40_000;

/** Drops three pictures, and plays until nothing is left to do. */
async function play(setting: Setting): Promise<World> {
  const world = await openWorld(setting);
  for (const n of [1, 2, 3]) await world.drop({ key: `${n}.png`, bytes: anotherPicture(files.png, n) });
  for (let step = 0; step < MAX_STEPS && !isSettled(world); step += 1) if (!(await world.step())) break;
  return world;
}

const renditionsOf = (world: World) =>
  world.uploads.filter(({ runId }) => world.invariants.announced.get(runId)?.has('Renditions Stored'));

describe('in the simulation, the renditions', () => {
  it('of each stored model are announced once they and their document are durable', async () => {
    const world = await play({ seed: 11 });

    expect(openEnds(world)).toEqual([]);
    expect(renditionsOf(world)).toHaveLength(3);
    expect(world.invariants.violations).toEqual([]);
    await world.close();
  });

  it('of a model whose event was lost are made when an operator asks for all', async () => {
    const isLost = (event: EventEnvelope) => event['detail-type'] === 'Model Stored';
    const world = await play({ seed: 13, delivery: (_, event) => (isLost(event) ? [] : undefined) });
    expect(renditionsOf(world)).toEqual([]);

    // What npm run renditions -- --all does.
    for (const record of world.invariants.records.values()) {
      if (record.phase !== 'stored') throw new Error('a run is not stored');
      const key = manifestKey(record.upload.key, record.runId);
      const order = orderMessage(toEvent(record, { bucket: world.assetBucket, key }));
      const queue = [...world.aws.queues.values()].find(({ name }) => name === 'Renditions-Queue');
      await queue?.send(order);
    }
    for (let step = 0; step < MAX_STEPS && !isSettled(world); step += 1) if (!(await world.step())) break;

    expect(openEnds(world)).toEqual([]);
    expect(renditionsOf(world)).toHaveLength(3);
    expect(world.invariants.violations).toEqual([]);
    await world.close();
  });

  it('have one event ID, however often the model is announced, and by however many at once', async () => {
    const world = await play({
      seed: 12,
      delivery: (_, event) => (event['detail-type'] === 'Model Stored' ? [1, 1.2, 1.4, 60] : undefined),
    });

    expect(openEnds(world)).toEqual([]);
    expect(renditionsOf(world)).toHaveLength(3);
    expect(world.invariants.violations).toEqual([]);
    await world.close();
  });
});
