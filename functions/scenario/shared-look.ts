import * as z from 'zod';
import { type Clock, isoDate } from '../platform/clock.ts';
import { checkStrictly, readTolerantly, schemaVersion1 } from '../platform/documents.ts';
import type { JsonStore } from '../platform/json-store.ts';
import { AwsUnavailableError, orNothing } from '../platform/errors.ts';
import { ScenarioUnavailableError } from './errors.ts';
import { type Job, jobStatus } from './schemas.ts';

const seenJobSchema = z.strictObject({
  status: jobStatus,
  /** 0 to 1. */
  progress: z.number(),
  /** For a job that the list may not show yet: when it was submitted. */
  addedAt: z.iso.datetime().optional(),
});
type SeenJob = z.infer<typeof seenJobSchema>;

/** The latest jobs, as one reading of Scenario's list showed them. */
const lookSchema = z.strictObject({
  schemaVersion: schemaVersion1,
  seenAt: z.iso.datetime(),
  jobs: z.record(z.string(), seenJobSchema).describe('by job ID'),
  refreshingUntil: z.iso.datetime().optional().describe('one invocation reads the list, for as long as this'),
  shortUntil: z.iso.datetime().optional().describe("the project's requests are used up, for as long as this"),
});
type Look = z.infer<typeof lookSchema>;

/** What the look needs of a job in the list. */
type Row = Pick<Job, 'jobId' | 'status' | 'progress'>;

const LOOK_KEY = 'control/jobs.json';

/** How old a look can be: usually, and while requests are short. Submissions need fresher looks than polls. */
const FRESH_MS = { submit: [4_000, 8_000], poll: [4_000, 30_000] } as const;
type Purpose = keyof typeof FRESH_MS;

/** While another invocation reads the list, a look of this age is good enough. */
const STALE_MS = 30_000;
/** An invocation that dies while it reads the list holds up the others for no longer than this. */
const LEASE_MS = 10_000;
/** For fewer jobs, one reading of the list costs as many requests as asking for the jobs. */
const MANY = 4;
/** The list shows a new job within this time. */
const ADDED_FOR_MS = 120_000;
const ADD_TRIES = 3;
/** How long the project counts as short of requests, at least and at most. Scenario counts them by the minute. */
const SHORT_MS = 60_000;
const MAX_SHORT_MS = 10 * 60_000;
/** What is shared only saves requests. Without it, everything works. */
const PASSING = [AwsUnavailableError, ScenarioUnavailableError];

export type SharedLook = ReturnType<typeof createSharedLook>;

/**
 * Shares one reading of the job list between all invocations, so that twenty jobs take no more requests than one. It
 * never proves that a send made no job: that takes a look of one's own.
 */
export function createSharedLook(
  store: JsonStore,
  scenario: () => { recentJobs(known: readonly string[]): Promise<readonly Row[]> },
  clock: Pick<Clock, 'now'>,
) {
  const isAhead = (time: string | undefined, byMs: number) => {
    const aheadMs = Date.parse(time ?? '') - clock.now();
    return aheadMs > 0 && aheadMs <= byMs;
  };

  /** An unreadable document, or one dated in the future, counts as an old one. */
  async function read(): Promise<{ look: Look; etag?: string }> {
    const kept = await store.read(LOOK_KEY);
    const look = readTolerantly(lookSchema, kept?.value);
    const none: Look = { schemaVersion: '1.0', seenAt: isoDate(0), jobs: {} };
    return { look: look && Date.parse(look.seenAt) <= clock.now() ? look : none, ...(kept && { etag: kept.etag }) };
  }

  /** Returns the new etag, or undefined if another invocation was first. */
  async function write(look: Look, change: Partial<Look>, etag?: string): Promise<string | undefined> {
    return await store.write(LOOK_KEY, checkStrictly(lookSchema, { ...look, ...change }, look), etag);
  }

  function isFresh({ seenAt, shortUntil }: Look, purpose: Purpose): boolean {
    const [usually, whileShort] = FRESH_MS[purpose];
    return clock.now() - Date.parse(seenAt) < (isAhead(shortUntil, MAX_SHORT_MS) ? whileShort : usually);
  }

  /** Whether the list may not show the job yet. */
  const isNew = ({ addedAt = '' }: SeenJob) => clock.now() - Date.parse(addedAt) < ADDED_FOR_MS;

  /** Returns the jobs as they were seen a few seconds ago, or undefined while another invocation reads the list. */
  async function refresh({ look, etag }: { look: Look; etag?: string }): Promise<Look['jobs'] | undefined> {
    const now = clock.now();
    const isTaken = isAhead(look.refreshingUntil, LEASE_MS);
    const lease = isTaken ? undefined : await write(look, { refreshingUntil: isoDate(now + LEASE_MS) }, etag);
    if (lease === undefined) return now - Date.parse(look.seenAt) < STALE_MS ? look.jobs : undefined;
    const running = Object.entries(look.jobs).filter(([, { status }]) => status === 'running');
    const rows = await scenario().recentJobs(running.filter(([, job]) => !isNew(job)).map(([jobId]) => jobId));
    const listed = rows.map(({ jobId, status, progress }) => [jobId, { status, progress }] as const);
    const jobs = Object.fromEntries<SeenJob>([...Object.entries(look.jobs).filter(([, job]) => isNew(job)), ...listed]);
    await write(look, { seenAt: isoDate(now), jobs, refreshingUntil: undefined }, lease);
    return jobs;
  }

  return {
    /** Finds a job. If it is undefined, ask for the job itself. @throws ScenarioBusyError */
    find: async (jobId: string): Promise<SeenJob | undefined> =>
      await orNothing(PASSING, async () => {
        const standing = await read();
        const { jobs } = standing.look;
        if (isFresh(standing.look, 'poll')) return jobs[jobId];
        return countRunning(jobs) < MANY ? undefined : (await refresh(standing))?.[jobId];
      }),

    /** Counts the jobs that run at Scenario now, including those of other callers. */
    countRunning: async (): Promise<number> => {
      const standing = await read();
      const { look } = standing;
      return countRunning((isFresh(look, 'submit') ? undefined : await refresh(standing)) ?? look.jobs);
    },

    /** Adds a job that was just submitted. If other invocations are first each time, the list shows the job later. */
    add: async (jobId: string): Promise<void> =>
      await orNothing(PASSING, async () => {
        const job = { status: 'running', progress: 0, addedAt: isoDate(clock.now()) } as const;
        for (let tries = 0; tries < ADD_TRIES; tries += 1) {
          const { look, etag } = await read();
          if (await write(look, { jobs: { ...look.jobs, [jobId]: job } }, etag)) return;
        }
      }),

    /** Whether the project is short of requests, so that only submissions should make some. */
    isShort: async (): Promise<boolean> =>
      (await orNothing(PASSING, async () => isAhead((await read()).look.shortUntil, MAX_SHORT_MS))) ?? false,

    /** Call this when Scenario refuses a free call because the project has made too many requests. */
    onShort: async (retryAfterSeconds: number | undefined): Promise<void> =>
      await orNothing(PASSING, async () => {
        const { look, etag } = await read();
        const shortMs = Math.min(MAX_SHORT_MS, Math.max(SHORT_MS, (retryAfterSeconds ?? 0) * 1000));
        if (!isAhead(look.shortUntil, MAX_SHORT_MS))
          await write(look, { shortUntil: isoDate(clock.now() + shortMs) }, etag);
      }),
  };
}

function countRunning(jobs: Look['jobs']): number {
  return Object.values(jobs).filter(({ status }) => status === 'running').length;
}
