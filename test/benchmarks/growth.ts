import { burst } from '../simulation/campaign/burst.ts';
import { totalOf } from './prices.ts';

/** What each model takes when many images come at once, and the ceiling is full. */
export interface GrowthRow {
  readonly uploads: number;
  readonly ceiling: number;
  /** To Scenario. */
  readonly requestsPerModel: number;
  /** Of the functions to AWS and to Scenario. */
  readonly callsPerModel: number;
  /** US dollars, without renditions. */
  readonly dollarsPerModel: number;
  readonly dollarsPerModelForRenditions: number;
  readonly stored: number;
  readonly paidTwice: number;
  readonly seed: number;
}

const UPLOADS = [10, 30, 100, 300, 1_000, 3_000];

export async function* growth({ uploads = UPLOADS, ceiling = 20, seed = 1 } = {}): AsyncGenerator<GrowthRow> {
  for (const count of uploads) {
    const figures = await burst({ uploads: count, ceiling, requestsPerMinute: 100, seed, jobSeconds: 180 });
    yield {
      uploads: count,
      ceiling,
      requestsPerModel: figures.requestsPerModel,
      callsPerModel: figures.callsPerModel,
      dollarsPerModel: figures.cost,
      dollarsPerModelForRenditions: totalOf(figures.renditionsBill) / count,
      stored: figures.stored,
      paidTwice: Math.max(0, figures.payments - count),
      seed,
    };
  }
}
