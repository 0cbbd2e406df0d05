import { describe, expect, it } from 'vitest';
import { createJsonStore } from '../../../functions/platform/json-store.ts';
import { ScenarioAccountError, ScenarioBusyError } from '../../../functions/scenario/errors.ts';
import { createGate } from '../../../functions/submit-job/gate.ts';
import { ASSETS, openS3 } from '../s3-endpoint.ts';
import { virtualTime } from '../virtual-time.ts';

const KEY = 'control/gate.json';
const busy = (ceiling?: number, retryAfterSeconds?: number) =>
  new ScenarioBusyError('full', { refused: { status: 429, isOwn: true }, ceiling, retryAfterSeconds });

async function openGate() {
  const clock = virtualTime();
  const s3 = await openS3(clock.now);
  const world = { running: 0, asked: 0, short: [] as (number | undefined)[] };
  const onShort = async (seconds: number | undefined) => void world.short.push(seconds);
  const countRunning = async () => {
    world.asked += 1;
    return world.running;
  };
  const gate = createGate(createJsonStore(s3.s3, ASSETS), { countRunning, onShort }, clock);
  const pass = () => gate.pass().catch((error: unknown) => (error as Error).message);
  return { clock, s3, gate, pass, world };
}

describe('the gate', () => {
  it('is open at first, and costs one read', async () => {
    const { pass, world } = await openGate();

    expect(await pass()).toBe('free');
    expect(world.asked).toBe(0);
  });

  it('lets one upload probe each quarter of an hour while the account is refused', async () => {
    const { gate, pass, clock } = await openGate();
    await gate.onRefused(new ScenarioAccountError('no credits'));

    expect(await pass()).toMatch(/^Scenario refuses every upload since .*: no credits$/);
    clock.pass(900);
    expect(await pass()).toBe('probe');
    expect(await pass()).toMatch(/no credits/);
  });

  it('lets another upload probe after five minutes if nobody heard of the first probe again', async () => {
    const { gate, pass, clock } = await openGate();
    await gate.onRefused(new ScenarioAccountError('no credits'));
    clock.pass(900);
    expect(await pass()).toBe('probe');

    clock.pass(299);
    expect(await pass()).toMatch(/no credits/);
    clock.pass(1);
    expect(await pass()).toBe('probe');
  });

  it('is opened for everybody by the probe that goes through', async () => {
    const { gate, pass, clock } = await openGate();
    await gate.onRefused(new ScenarioAccountError('no credits'));
    clock.pass(900);
    expect(await pass()).toBe('probe');

    await gate.open('probe');

    expect(await pass()).toBe('free');
  });

  it('lets an upload pass at a full ceiling only when fewer jobs run, and knocks each quarter of an hour', async () => {
    const { gate, pass, clock, world } = await openGate();
    await gate.onRefused(busy(5));
    world.running = 5;

    expect(await pass()).toBe('5 of 5 parallel jobs are running');
    world.running = 4;
    expect(await pass()).toBe('free');
    world.running = 5;
    clock.pass(900);
    expect(await pass()).toBe('knock');
    expect(await pass()).toMatch(/are running/);

    await gate.open('knock');
    expect(await pass()).toBe('free');
  });

  it('stays open after a gateway has counted too many requests, which says nothing of parallel jobs', async () => {
    const { gate, pass, world } = await openGate();
    world.running = 3;
    await gate.onRefused(new ScenarioBusyError('Too Many Requests', { refused: { status: 429, isOwn: false } }));

    expect(await pass()).toBe('free');
    expect(world.short).toEqual([undefined]);
  });

  it('lets one upload after the other take the last slots', async () => {
    const { gate, pass, clock, world } = await openGate();
    await gate.onRefused(busy(5));
    world.running = 3;

    expect(await pass()).toBe('free');
    expect(await pass()).toBe('3 of 5 parallel jobs are running');
    clock.pass(2);
    expect(await pass()).toBe('free');
    world.running = 2;
    expect(await pass()).toBe('free');
  });

  it('takes what runs for the limit if Scenario does not name it', async () => {
    const { gate, pass, world } = await openGate();
    world.running = 3;
    await gate.onRefused(busy());

    expect(await pass()).toBe('3 of 3 parallel jobs are running');
  });

  it('forgets a ceiling half an hour after it was last seen full', async () => {
    const { gate, pass, clock, world } = await openGate();
    await gate.onRefused(busy(5));
    world.running = 5;
    clock.pass(1_801);

    expect(await pass()).toBe('free');
  });

  it('holds everybody for as long as Scenario wants to be left alone', async () => {
    const { gate, pass, clock } = await openGate();
    await gate.onRefused(busy(undefined, 612));

    clock.pass(611);
    expect(await pass()).toMatch(/left alone until/);
    clock.pass(1);
    expect(await pass()).toBe('free');
  });

  it.each([
    ['that cannot be read', 'nonsense'],
    [
      'from the future',
      JSON.stringify({
        schemaVersion: '1.0',
        cooldown: { since: '2030-01-01T00:00:00.000Z', until: '2031-01-01T00:00:00.000Z' },
      }),
    ],
  ])('is open if its document is one %s', async (_, text) => {
    const { s3, pass } = await openGate();
    await s3.put(ASSETS, KEY, text);

    expect(await pass()).toBe('free');
  });
});
