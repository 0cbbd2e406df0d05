import { type Clock, isoDate } from '../platform/clock.ts';
import type { GenerationRequest, Scenario } from '../scenario/client.ts';

/** What a job would cost, in compute units, and when Scenario quoted it. */
export interface Quoted {
  readonly quote: number;
  readonly quotedAt: string;
}

/** After this time, the price may have changed. */
const GOOD_MS = 10 * 60_000;

/** Quotes for each set of parameters: the price does not depend on the image. Kept while the function is warm. */
export function createQuotes(clock: Pick<Clock, 'now'>) {
  const kept = new Map<string, Quoted>();
  return {
    /** Returns a quote that is at most ten minutes old. */
    take: async (request: GenerationRequest, scenario: Pick<Scenario, 'quote'>): Promise<Quoted> => {
      const { modelId, assetId, inputs } = request;
      const key = JSON.stringify([modelId, Object.entries(inputs).filter(([, value]) => value !== assetId)]);
      const found = kept.get(key);
      if (found && clock.now() - Date.parse(found.quotedAt) < GOOD_MS) return found;
      const quoted = { quote: await scenario.quote(request), quotedAt: isoDate(clock.now()) };
      kept.set(key, quoted);
      return quoted;
    },
  };
}
