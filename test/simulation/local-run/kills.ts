import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { figuresOf, lookAfterwards } from './look-afterwards.ts';
import { clientOf, drop, kill, ready, start } from './service-process.ts';

/**
 * Runs the whole local run over real HTTP and in its own processes, kills it with `kill -9` at random times, and
 * restarts it with the same data. In the end, every image in the bucket must have one result and at most one paid job.
 */
export interface KillOptions {
  readonly kills: number;
  /** Returns a number from 0 up to, but not including, 1. */
  readonly random: () => number;
  readonly onProgress: (line: string) => void;
}

export interface KillFigures {
  readonly kills: number;
  /** The number of processes that were killed before they were ready. */
  readonly beforeReady: number;
  readonly uploads: number;
  readonly jobs: number;
  readonly events: number;
  readonly violations: readonly string[];
}

const LONGEST_LIFE_MS = 5_000;

export async function killCampaign({ kills, random, onProgress }: KillOptions): Promise<KillFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'meshdrop-kills-'));
  let beforeReady = 0;
  try {
    for (let kill = 1; kill <= kills; kill += 1) {
      const life = await liveAndDie(folder, kill, random);
      if (!life.wasReady) beforeReady += 1;
      onProgress(
        `kill ${kill} of ${kills} after ${life.livedMs} ms${life.wasReady ? '' : ', before the process was ready'}`,
      );
    }
    const found = await lookAfterwards(start(folder), folder, onProgress);
    const unstored = found.phases.filter((phase) => phase !== 'stored').map((phase) => `a run is ${phase}`);
    return { kills, beforeReady, ...figuresOf(found), violations: [...found.violations, ...unstored] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Life {
  readonly wasReady: boolean;
  readonly livedMs: number;
}

async function liveAndDie(folder: string, round: number, random: () => number): Promise<Life> {
  const lifeMs = Math.round(random() * LONGEST_LIFE_MS);
  // One in eight processes is killed during its start, the others some time after they are ready.
  const startsAtAll = round === 1 || random() > 0.125;
  const child = start(folder);
  const begun = Date.now();
  const addresses = await Promise.race([ready(folder, child), ...(startsAtAll ? [] : [sleep(lifeMs / 4, undefined)])]);
  if (addresses) {
    const client = clientOf(addresses.endpoint);
    // Two uploads at a time, sometimes with the same key. The bucket shows which uploads count, whether or not S3 could
    // answer.
    const names = [`chair-${round}.png`, random() < 0.3 ? 'again.png' : `lamp-${round}.png`];
    const drops = names.map((name) => drop(client, name, round).catch(() => undefined));
    await Promise.race([Promise.all(drops).then(() => sleep(lifeMs)), sleep(lifeMs)]);
    client.destroy();
  }
  await kill(child);
  return { wasReady: addresses !== undefined, livedMs: Date.now() - begun };
}
