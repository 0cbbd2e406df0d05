import * as z from 'zod';
import type { ApiAnswer, ApiRequest } from '../../../local/scenario/answer.ts';
import type { StandInApi } from '../../../local/scenario/api.ts';

const named = z.object({ name: z.string().optional(), fileName: z.string().optional() });
const madeOf = z.object({
  asset: z.object({ id: z.string() }).optional(),
  upload: z.object({ id: z.string(), entityId: z.string().nullish() }).optional(),
});
const sentWith = z.record(z.string(), z.unknown());

/** Watches the payments in the stand-in. */
export interface PaidRuns {
  handle(request: ApiRequest): Promise<ApiAnswer>;
  /** Reads the ledger of the stand-in, because a job can also begin without a request. */
  look(): void;
}

/**
 * Counts the rows of the stand-in's ledger as payments, regardless of the answers. Each row belongs to the run in the
 * name of its input asset. Several rows for one request, as after the fault `two-jobs`, count as one payment, because
 * they are an error of Scenario.
 */
export function watchPayments(standIn: StandInApi, onPaid: (runId: string, assetId: string) => void): PaidRuns {
  const names = new Map<string, string>();
  const requests = new Map<string, number>();
  const payments = new Map<string, number>();
  let known = 0;

  function learnNames(request: ApiRequest, answer: ApiAnswer): void {
    const made = madeOf.safeParse(jsonOf('body' in answer ? answer.body : undefined)).data;
    const said = named.safeParse(jsonOf(request.body)).data;
    const name = said?.name ?? said?.fileName ?? names.get(made?.upload?.id ?? '');
    for (const id of [made?.asset?.id, made?.upload?.id, made?.upload?.entityId])
      if (id && name !== undefined) names.set(id, name);
  }

  function countRequest({ body, query }: ApiRequest): void {
    if (query.get('dryRun') === 'true' && !standIn.options().dryRunPays) return;
    for (const value of Object.values(sentWith.safeParse(jsonOf(body)).data ?? {}))
      if (typeof value === 'string' && names.has(value)) requests.set(value, (requests.get(value) ?? 0) + 1);
  }

  function look(): void {
    const { jobs } = standIn.ledger();
    if (jobs.length === known) return;
    known = jobs.length;
    const rows = Map.groupBy(jobs, ({ image }) => image);
    for (const [image, { length }] of rows) {
      const paid = Math.min(length, requests.get(image) ?? 1);
      const more = paid - (payments.get(image) ?? 0);
      payments.set(image, paid);
      // A request can't use an input asset whose creation got no answer, so the name of the asset is known.
      const runId = (names.get(image) ?? image).replace(/\.\w+$/, '');
      for (let n = 0; n < more; n += 1) onPaid(runId, image);
    }
  }

  return {
    look,
    handle: async (request) => {
      const isSubmission = request.path.startsWith('/v1/generate/');
      if (isSubmission) countRequest(request);
      const answer = await standIn.handle(request);
      if (/^\/v1\/(assets|uploads)/.test(request.path)) learnNames(request, answer);
      look();
      return answer;
    },
  };
}

function jsonOf(body: unknown): unknown {
  if (!(body instanceof Uint8Array)) return undefined;
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}
