import type { JobRecord, TripoInputs } from '../records.ts';

/** Counts since the start. Costs are stored with the jobs. */
export interface Tally {
  readonly requests: Record<string, number>;
  readonly refusals: { rate: number; ceiling: number; cooldown: number; credits: number };
  /** The number of downloads and part uploads that had the Authorization header of the API. */
  leakedCredentials: number;
  /** The end of the current cooldown. Only runs after this time count toward the next one. */
  cooldownEnds: number;
}

/** One paid job. */
interface LedgerEntry {
  readonly jobId: string;
  /** The ID of the input asset. */
  readonly image: string;
  readonly cu: number;
  readonly isRefunded: boolean;
  /** By the clock of the stand-in, without skew. */
  readonly startedAt: string;
  readonly endsAt: string;
  /** The current status. */
  readonly status: string;
  readonly inputs: TripoInputs;
}

/** All costs, and statistics about the requests of the client. */
export interface Ledger {
  /** Oldest first, including jobs from before a restart. */
  readonly jobs: readonly LedgerEntry[];
  readonly cuCharged: number;
  readonly cuRefunded: number;
  /** The number of requests since the start, keyed by operation. */
  readonly requests: Readonly<Record<string, number>>;
  /** The number of 429 refusals and of refusals for a lack of credits, without those from faults. */
  readonly refusals: Readonly<Tally['refusals']>;
  /** Requests to /v1, including refused ones. */
  readonly maxRequestsInAnyWindow: number;
  readonly leakedCredentials: number;
}

/** Computes the ledger from the jobs. */
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

/** Returns the CU that were charged and not refunded. */
export function netSpent(jobs: readonly JobRecord[], nowMs: number): number {
  return sum(jobs.filter((job) => !isRefunded(job, nowMs)));
}

/** Returns the current status of the job. */
export function statusAt(job: Pick<JobRecord, 'steps'>, nowMs: number): string {
  return (job.steps.findLast((step) => step.at <= nowMs) ?? job.steps[0])?.status ?? 'pending';
}

function isRefunded(job: JobRecord, nowMs: number): boolean {
  return job.isRefundable && ['failure', 'canceled'].includes(statusAt(job, nowMs));
}

function sum(entries: readonly { readonly cu: number }[]): number {
  return entries.reduce((total, { cu }) => total + cu, 0);
}
