import * as z from 'zod';
import { type Clock, isoDate } from '../platform/clock.ts';
import { checkStrictly, readTolerantly, schemaVersion1 } from '../platform/documents.ts';
import type { JsonStore } from '../platform/json-store.ts';
import { ScenarioAccountError, ScenarioBusyError } from '../scenario/errors.ts';
import type { SharedLook } from '../scenario/shared-look.ts';

/** What Scenario refuses to every upload now. */
const gateSchema = z.strictObject({
  schemaVersion: schemaVersion1,
  /** Scenario refuses the key, the plan or the credits. One upload at a time probes. */
  account: z.strictObject({ since: z.iso.datetime(), reason: z.string(), nextProbeAt: z.iso.datetime() }).optional(),
  /** The limit of parallel jobs, and when it was last reached. */
  ceiling: z
    .strictObject({
      limit: z.number().int().nonnegative(),
      seenAt: z.iso.datetime(),
      nextKnockAt: z.iso.datetime(),
      lastPassAt: z.iso.datetime().optional(),
    })
    .optional(),
  /** Scenario asked for no requests until then. */
  cooldown: z.strictObject({ since: z.iso.datetime(), until: z.iso.datetime() }).optional(),
});
type GateDocument = z.infer<typeof gateSchema>;

const GATE_KEY = 'control/gate.json';

/** One upload tries whether a refusal is over, at most four times an hour. */
const PROBE_EVERY_MS = 15 * 60_000;
/** If a probe ends without an answer about the account, another upload tries after this. No invocation lives longer. */
const PROBE_LIFETIME_MS = 5 * 60_000;
/** A full ceiling is forgotten this long after it was last seen. */
const CEILING_KNOWN_MS = 30 * 60_000;
/** For the last free slots, uploads pass one after the other, so that the job of each is seen before the next. */
const AT_ONCE = 3;
const PASS_EVERY_MS = 2_000;

/** Trouble with the account takes a person, so an upload that is held tries again after a minute. */
export const ACCOUNT_WAIT_MS = 60_000;
/** At a full ceiling, an upload is ready for the next slot. It reads only what the invocations share. */
const FULL_WAIT_MS = 1_000;
const FULL_SPREAD_MS = 2_000;

/**
 * How an upload passes the gate. With `probe` and `knock`, it finds out whether Scenario still refuses the account, or
 * a job above the limit.
 */
export type Passed = 'free' | 'probe' | 'knock';

/** Scenario refuses every upload for now. Not a fault of the image. */
export class GateClosedError extends Error {
  override readonly name = 'GateClosedError';
  readonly because: 'account' | 'busy';
  /** When to try again. */
  readonly waitMs: number;

  constructor(message: string, because: GateClosedError['because'], waitMs: number) {
    super(message);
    this.because = because;
    this.waitMs = waitMs;
  }
}

/**
 * The gate before every paid call, shared by all invocations. A refusal closes it, so that the uploads behind the first
 * one are not refused, too.
 */
export function createGate(store: JsonStore, sharedLook: Pick<SharedLook, 'countRunning' | 'onShort'>, clock: Clock) {
  /** An unreadable document, or one dated in the future, counts as an open gate. */
  async function read(): Promise<{ gate: GateDocument; etag?: string }> {
    const kept = await store.read(GATE_KEY);
    const none: GateDocument = { schemaVersion: '1.0' };
    if (!kept) return { gate: none };
    const { account, ceiling, cooldown, ...rest } = readTolerantly(gateSchema, kept.value) ?? none;
    const now = isoDate(clock.now());
    const isPast = (time: string | undefined) => time !== undefined && time <= now;
    const gate = {
      ...rest,
      ...(isPast(account?.since) && { account }),
      ...(isPast(ceiling?.seenAt) && { ceiling }),
      ...(isPast(cooldown?.since) && { cooldown }),
    };
    return { gate, etag: kept.etag };
  }

  /** Returns false if another invocation was first. */
  async function write({ gate, etag }: { gate: GateDocument; etag?: string }, change: Partial<GateDocument>) {
    // An unknown field of a newer version stays.
    const next = checkStrictly(gateSchema, { ...gate, ...change }, gate);
    return (await store.write(GATE_KEY, next, etag)) !== undefined;
  }

  const later = (ms: number) => isoDate(clock.now() + ms);

  async function whyBusy(
    { retryAfterSeconds, ceiling }: ScenarioBusyError,
    since: string,
  ): Promise<Partial<GateDocument>> {
    if (retryAfterSeconds !== undefined) return { cooldown: { since, until: later(retryAfterSeconds * 1000) } };
    const limit = ceiling ?? Math.max(1, await sharedLook.countRunning());
    return { ceiling: { limit, seenAt: since, nextKnockAt: later(PROBE_EVERY_MS) } };
  }

  return {
    /** @throws GateClosedError if this upload must wait */
    async pass(): Promise<Passed> {
      const standing = await read();
      const { account, ceiling, cooldown } = standing.gate;
      const now = isoDate(clock.now());
      if (account) {
        const probe = { ...account, nextProbeAt: later(PROBE_LIFETIME_MS) };
        if (account.nextProbeAt <= now && (await write(standing, { account: probe }))) return 'probe';
        const why = `Scenario refuses every upload since ${account.since}: ${account.reason}`;
        throw new GateClosedError(why, 'account', ACCOUNT_WAIT_MS);
      }
      if (cooldown && cooldown.until > now) {
        const waitMs = Math.max(FULL_WAIT_MS, Date.parse(cooldown.until) - clock.now());
        throw new GateClosedError(`Scenario wants to be left alone until ${cooldown.until}`, 'busy', waitMs);
      }
      if (!ceiling || clock.now() - Date.parse(ceiling.seenAt) > CEILING_KNOWN_MS) return 'free';
      const running = await sharedLook.countRunning();
      if (running + AT_ONCE <= ceiling.limit) return 'free';
      const isFree = running < ceiling.limit;
      const passedMs = clock.now() - Date.parse(ceiling.lastPassAt ?? '');
      if (isFree && !(passedMs < PASS_EVERY_MS)) {
        if (await write(standing, { ceiling: { ...ceiling, seenAt: now, lastPassAt: now } })) return 'free';
      } else if (!isFree && ceiling.nextKnockAt <= now) {
        const knock = { ...ceiling, seenAt: now, nextKnockAt: later(PROBE_EVERY_MS) };
        if (await write(standing, { ceiling: knock })) return 'knock';
      }
      const waitMs = FULL_WAIT_MS + clock.random() * FULL_SPREAD_MS;
      throw new GateClosedError(`${running} of ${ceiling.limit} parallel jobs are running`, 'busy', waitMs);
    },

    /** Call this after a refusal that concerns every upload. */
    async onRefused(error: Error): Promise<void> {
      const standing = await read();
      const now = isoDate(clock.now());
      if (error instanceof ScenarioAccountError) {
        const since = standing.gate.account?.since ?? now;
        await write(standing, { account: { since, reason: error.message, nextProbeAt: later(PROBE_EVERY_MS) } });
      } else if (error instanceof ScenarioBusyError) {
        // A gateway counts requests. It knows nothing of parallel jobs.
        if (error.refused?.isOwn) await write(standing, await whyBusy(error, now));
        else await sharedLook.onShort(error.retryAfterSeconds);
      }
    },

    /** Call this after Scenario has taken the job of an upload that passed like this. */
    async open(passed: Passed): Promise<void> {
      if (passed === 'free') return;
      await write(await read(), passed === 'probe' ? { account: undefined } : { ceiling: undefined });
    },
  };
}
