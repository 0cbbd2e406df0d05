import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { tripo31 } from '../../functions/models/tripo-3-1.ts';
import { METRIC_UNITS } from '../../functions/platform/metrics.ts';
import { assembly } from '../../local/aws/assembly.ts';
import { burst } from '../simulation/campaign/burst.ts';
import { type Bill, PRICES, RENDITIONS_GIGABYTES, totalOf } from './prices.ts';

/** One item of a bill, in US dollars. */
export interface CostRow {
  /** `a model`, `a model in a burst`, `its renditions`, `an idle month`, or `10000 models a month`. */
  readonly of: string;
  readonly item: string;
  readonly dollars: number;
}

const MONTH_HOURS = 730;
/** An event source mapping polls an empty queue with about five long polls of 20 s. */
const POLLS_PER_HOUR = 5 * 180;

/** What AWS bills for a model whose job takes 180 s, for a month in which nothing happens, and for months with models. */
export async function cost({ uploads = 40, inBurst = 1_000, seed = 1 } = {}): Promise<CostRow[]> {
  const limits = { ceiling: 20, requestsPerMinute: 100, seed, jobSeconds: 180 };
  const quiet = await burst({ ...limits, uploads, everySeconds: 600 });
  const full = await burst({ ...limits, uploads: inBurst });
  const idle = idleMonth(await readResources());
  const renditions = perModel(quiet.renditionsBill, uploads);
  renditions['compute'] = RENDITION_SECONDS * RENDITIONS_GIGABYTES * PRICES.lambdaGigabyteSecond;
  const bills: [string, Record<string, number>][] = [
    ['a model', withParts(quiet.bill, uploads)],
    ['a model in a burst', withParts(full.bill, inBurst)],
    ['its renditions', renditions],
    ['an idle month', idle],
  ];
  for (const models of [100, 10_000, 1_000_000]) {
    const month = {
      'the idle month': totalOf(idle),
      'custom metrics, if all are counted': METRICS_MONTH,
      'the models': models * totalOf(withParts(quiet.bill, uploads)),
      renditions: models * totalOf(renditions),
      'storage of what was made in the month': models * STORED_GIGABYTES * PRICES.s3GigabyteMonth,
    };
    bills.push([`${models} models a month`, month]);
  }
  return bills.flatMap(([of, items]) => Object.entries(items).map(([item, dollars]) => ({ of, item, dollars })));
}

/** By `npm run measure:renditions`: half of the models take less. */
const RENDITION_SECONDS = 7.5;
/** A file of 30 MB is uploaded in so many parts more than the small one of the simulation. */
const MORE_PARTS = 7;
/** A model of 30 MB, its preview, and its renditions. */
const STORED_GIGABYTES = 0.04;

function perModel(bill: Bill, uploads: number): Record<string, number> {
  return Object.fromEntries(Object.entries(bill).map(([item, dollars]) => [item, dollars / uploads]));
}

function withParts(bill: Bill, uploads: number): Record<string, number> {
  return { ...perModel(bill, uploads), 'the parts of a file of 30 MB': MORE_PARTS * PRICES.s3Write };
}

const resourceShape = z.object({ Type: z.string(), Properties: z.looseObject({}).default({}) });
type Resources = readonly z.infer<typeof resourceShape>[];

async function readResources(): Promise<Resources> {
  const template = z.object({ Resources: z.record(z.string(), resourceShape) });
  const text = await readFile(join(await assembly(), 'Meshdrop.template.json'), 'utf8');
  return Object.values(template.parse(JSON.parse(text)).Resources);
}

/** Every item that the template fixes. Custom metrics cost nothing in a month in which nobody counts them. */
function idleMonth(resources: Resources): Record<string, number> {
  const all = (type: string) => resources.filter(({ Type }) => Type === type);
  // A sweep reads the progress and the list, and asks three queues; it takes about a second of 256 MB.
  const sweep =
    PRICES.lambdaRequest +
    0.25 * PRICES.lambdaGigabyteSecond +
    2 * PRICES.s3Write +
    PRICES.s3Read +
    3 * PRICES.sqsRequest;
  return {
    'the secret': all('AWS::SecretsManager::Secret').length * PRICES.secretMonth,
    alarms: all('AWS::CloudWatch::Alarm').length * PRICES.alarmMonth,
    'the dashboard, if the account has three others': all('AWS::CloudWatch::Dashboard').length * PRICES.dashboardMonth,
    'idle pollers of queues':
      all('AWS::Lambda::EventSourceMapping').length * POLLS_PER_HOUR * MONTH_HOURS * PRICES.sqsRequest,
    'the sweep, every hour': MONTH_HOURS * (sweep + PRICES.trace),
  };
}

/** In a month with models, every metric that is counted is paid for: at most these. */
export const METRICS_MONTH = Object.keys(METRIC_UNITS).length * PRICES.metricMonth;

/** What Scenario charges for a model with the default parameters, in compute units. */
export const SCENARIO_CU = tripo31.typicalCu;
