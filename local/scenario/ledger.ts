import type { JobRecord, TripoInputs } from './records.ts';

/** Counted since the start; what jobs cost is kept with the jobs. */
export interface Tally {
  readonly requests: Record<string, number>;
  readonly refusals: { rate: number; ceiling: number; cooldown: number; credits: number };
  /** Downloads and part uploads that came with the API's Authorization header. */
  leakedCredentials: number;
  /** A cooldown is on until then, and only runs from then on count towards the next. */
  cooldownEnds: number;
}

/** One paid job. */
interface LedgerEntry {
  readonly jobId: string;
  /** The input asset. */
  readonly image: string;
  readonly cu: number;
  readonly isRefunded: boolean;
  /** By the stand-in's own clock, without skew. */
  readonly startedAt: string;
  readonly endsAt: string;
  /** As of now. */
  readonly status: string;
  readonly inputs: TripoInputs;
}

/** What was ever spent, and how the caller behaved. */
export interface Ledger {
  /** Oldest first; those of before a restart, too. */
  readonly jobs: readonly LedgerEntry[];
  readonly cuCharged: number;
  readonly cuRefunded: number;
  /** By operation, since the start. */
  readonly requests: Readonly<Record<string, number>>;
  /** 429 (and a lack of credits) that were earned, not those of faults. */
  readonly refusals: Readonly<Tally['refusals']>;
  /** Requests to /v1, refused ones included. */
  readonly maxRequestsInAnyWindow: number;
  readonly leakedCredentials: number;
}

/** Draws the ledger up from the jobs. */
export function ledgerOf(jobs: readonly JobRecord[], tally: Tally, busiestWindow: number, nowMs: number): Ledger {
  const entries = jobs.flatMap((job) => {
    if (job.inputs === undefined) return [];
    return [
      {
        jobId: job.id,
        image: job.inputs.image,
        cu: job.cu,
        isRefunded: isRefunded(job, nowMs),
        startedAt: new Date(job.createdAt).toISOString(),
        endsAt: new Date(job.steps.at(-1)?.at ?? job.createdAt).toISOString(),
        status: statusAt(job, nowMs),
        inputs: job.inputs,
      },
    ];
  });
  return {
    jobs: entries,
    cuCharged: sum(entries),
    cuRefunded: sum(entries.filter((entry) => entry.isRefunded)),
    requests: { ...tally.requests },
    refusals: { ...tally.refusals },
    maxRequestsInAnyWindow: busiestWindow,
    leakedCredentials: tally.leakedCredentials,
  };
}

/** CU charged and not given back. */
export function netSpent(jobs: readonly JobRecord[], nowMs: number): number {
  return sum(jobs.filter((job) => !isRefunded(job, nowMs)));
}

/** The last status that the job has reached. */
export function statusAt(job: Pick<JobRecord, 'steps'>, nowMs: number): string {
  return (job.steps.findLast((step) => step.at <= nowMs) ?? job.steps[0])?.status ?? 'pending';
}

function isRefunded(job: JobRecord, nowMs: number): boolean {
  return job.isRefundable && ['failure', 'canceled'].includes(statusAt(job, nowMs));
}

function sum(entries: readonly { readonly cu: number }[]): number {
  return entries.reduce((total, { cu }) => total + cu, 0);
}
