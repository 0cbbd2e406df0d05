import * as z from 'zod';
import type { ApiAnswer, ApiRequest } from '../../local/scenario/answer.ts';
import type { StandInApi } from '../../local/scenario/api.ts';

const named = z.object({ name: z.string().optional(), fileName: z.string().optional() });
const madeOf = z.object({
  asset: z.object({ id: z.string() }).optional(),
  upload: z.object({ id: z.string(), entityId: z.string().nullish() }).optional(),
});

/**
 * The stand-in, watched: every request that makes its ledger longer was paid for the run that its input asset is named
 * after. One request is one payment, even where a fault of the stand-in makes two jobs of it.
 */
export function paidRuns(
  standIn: StandInApi,
  onPaid: (runId: string) => void,
): (request: ApiRequest) => Promise<ApiAnswer> {
  const names = new Map<string, string>();
  let jobs = 0;

  function learnNames(request: ApiRequest, answer: ApiAnswer): void {
    const made = madeOf.safeParse(jsonOf('body' in answer ? answer.body : undefined)).data;
    const said = named.safeParse(jsonOf(request.body)).data;
    const name = said?.name ?? said?.fileName ?? names.get(made?.upload?.id ?? '');
    for (const id of [made?.asset?.id, made?.upload?.id, made?.upload?.entityId])
      if (id && name !== undefined) names.set(id, name);
  }

  return async (request) => {
    const answer = await standIn.handle(request);
    if (/^\/v1\/(assets|uploads)/.test(request.path)) learnNames(request, answer);
    if (!request.path.startsWith('/v1/generate/') || isRefusal(answer)) return answer;
    const started = standIn.ledger().jobs.slice(jobs);
    jobs += started.length;
    const [first] = started;
    // An input asset whose making was never answered can be in no request, so its name is known.
    if (first) onPaid((names.get(first.image) ?? first.image).replace(/\.\w+$/, ''));
    return answer;
  };
}

/** Most answers of a busy hour: nothing was started, and drawing the ledger up takes its time. */
function isRefusal(answer: ApiAnswer): boolean {
  return 'status' in answer && answer.status >= 400 && answer.status < 500;
}

function jsonOf(body: unknown): unknown {
  if (!(body instanceof Uint8Array)) return undefined;
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}
