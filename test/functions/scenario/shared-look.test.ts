import { describe, expect, it } from 'vitest';
import { AwsUnavailableError } from '../../../functions/platform/errors.ts';
import { createJsonStore } from '../../../functions/platform/json-store.ts';
import type { Job } from '../../../functions/scenario/schemas.ts';
import { createSharedLook } from '../../../functions/scenario/shared-look.ts';
import { ASSETS, openS3 } from '../s3-endpoint.ts';
import { virtualTime } from '../virtual-time.ts';

const KEY = 'control/jobs.json';

type Row = Pick<Job, 'jobId' | 'status' | 'progress'>;

function running(...jobIds: readonly string[]): Row[] {
  return jobIds.map((jobId) => ({ jobId, status: 'running', progress: 0.5 }));
}

async function openLook() {
  const clock = virtualTime();
  const s3 = await openS3(clock.now);
  const world: { rows: Row[]; reads: number; known: readonly string[] } = {
    rows: running('job_1', 'job_2', 'job_3', 'job_4', 'job_5'),
    reads: 0,
    known: [],
  };
  const recentJobs = async (known: readonly string[]) => {
    world.reads += 1;
    world.known = known;
    return world.rows;
  };
  const look = createSharedLook(createJsonStore(s3.s3, ASSETS), () => ({ recentJobs }), clock);
  return { clock, s3, look, world };
}

describe('the shared look', () => {
  it('answers for every job from one reading of the list, for some seconds', async () => {
    const { look, world, clock } = await openLook();
    expect(await look.countRunning()).toBe(5);

    expect(await look.find('job_1')).toEqual({ status: 'running', progress: 0.5 });
    expect(await look.find('job_4')).toEqual({ status: 'running', progress: 0.5 });
    expect(world.reads).toBe(1);

    clock.pass(6);
    world.rows = [{ jobId: 'job_1', status: 'succeeded', progress: 1 }];
    expect(await look.find('job_1')).toEqual({ status: 'succeeded', progress: 1 });
    expect(world.reads).toBe(2);
  });

  it('says nothing about a job that is not in the list', async () => {
    const { look } = await openLook();
    await look.countRunning();

    expect(await look.find('job_9')).toBeUndefined();
  });

  it('reads no list for a few jobs: asking for each of them takes as many requests', async () => {
    const { look, world, clock } = await openLook();
    world.rows = running('job_1', 'job_2', 'job_3');
    await look.countRunning();
    clock.pass(6);

    expect(await look.find('job_1')).toBeUndefined();
    expect(world.reads).toBe(1);
  });

  it('is read by one invocation at a time, and another one takes over if it dies', async () => {
    const { look, world, clock, s3 } = await openLook();
    await look.countRunning();
    clock.pass(6);
    const kept = (await s3.json(KEY)) as object;
    const refreshingUntil = new Date(clock.now() + 10_000).toISOString();
    await s3.put(ASSETS, KEY, JSON.stringify({ ...kept, refreshingUntil }));

    expect(await look.find('job_1')).toMatchObject({ status: 'running' });
    expect(await look.countRunning()).toBe(5);
    expect(world.reads).toBe(1);

    clock.pass(10);
    expect(await look.find('job_1')).toMatchObject({ status: 'running' });
    expect(world.reads).toBe(2);
  });

  it('counts a job from its submission on, until the list shows it', async () => {
    const { look, world, clock } = await openLook();
    await look.countRunning();
    await look.add('job_6');

    expect(await look.countRunning()).toBe(6);
    clock.pass(100);
    expect(await look.countRunning()).toBe(6);
    world.rows = [{ jobId: 'job_6', status: 'failed', progress: 1 }];
    clock.pass(10);
    expect(await look.countRunning()).toBe(0);
  });

  it('looks for every job that was running, except for those that the list may not show yet', async () => {
    const { look, world, clock } = await openLook();
    world.rows = [...running('job_1', 'job_2'), { jobId: 'job_3', status: 'succeeded', progress: 1 }];
    await look.countRunning();
    await look.add('job_6');
    clock.pass(10);
    await look.countRunning();

    expect(world.known).toEqual(['job_1', 'job_2']);
  });

  it('counts a new job even if another invocation writes at the same time', async () => {
    const { clock, s3 } = await openLook();
    const store = createJsonStore(s3.s3, ASSETS);
    let isFirst = true;
    const write: typeof store.write = async (key, value, etag) => {
      if (isFirst) await store.write(key, { ...(value as object), jobs: {} });
      isFirst = false;
      return await store.write(key, value, etag);
    };
    const look = createSharedLook({ ...store, write }, () => ({ recentJobs: async () => [] }), clock);

    await look.add('job_6');

    expect(await look.countRunning()).toBe(1);
  });

  it('is read less often while the project is short of requests', async () => {
    const { look, world, clock } = await openLook();
    await look.countRunning();
    await look.onShort(5);
    clock.pass(29);
    await look.find('job_1');
    expect(world.reads).toBe(1);
    await look.countRunning();
    expect(world.reads).toBe(2);

    clock.pass(31);
    await look.find('job_1');
    expect(world.reads).toBe(3);
    clock.pass(4);
    await look.find('job_1');
    expect(world.reads).toBe(4);
  });

  it.each([
    ['that cannot be read', 'nonsense'],
    ['from the future', JSON.stringify({ schemaVersion: '1.0', seenAt: '2031-01-01T00:00:00.000Z', jobs: {} })],
  ])('is as if there were none if its document is one %s', async (_, text) => {
    const { look, s3, world } = await openLook();
    await s3.put(ASSETS, KEY, text);

    expect(await look.countRunning()).toBe(5);
    expect(world.reads).toBe(1);
  });

  it('is nothing without its document: the functions ask Scenario themselves', async () => {
    const read = () => Promise.reject(new AwsUnavailableError('S3 is down'));
    const never = () => Promise.reject(new Error('no list is read'));
    const store = { read, write: read, exists: read };
    const look = createSharedLook(store, () => ({ recentJobs: never }), virtualTime());

    expect(await look.find('job_1')).toBeUndefined();
    await expect(look.add('job_7')).resolves.toBeUndefined();
    await expect(look.onShort(undefined)).resolves.toBeUndefined();
  });
});
