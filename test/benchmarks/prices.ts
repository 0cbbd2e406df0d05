import type { Usage } from '../simulation/world/lambda.ts';

/**
 * US dollars in us-east-1, without free tiers. Read in AWS's price lists and pages between 2026-09-16 and 2026-10-06;
 * the price of X-Ray and of custom metrics is of November 2026.
 */
export const PRICES = {
  date: '2026-10-06',
  lambdaRequest: 0.2e-6,
  /** arm64 */
  lambdaGigabyteSecond: 13.3334e-6,
  stateTransition: 25e-6,
  /** PUT, POST, LIST */
  s3Write: 5e-6,
  s3Read: 0.4e-6,
  s3GigabyteMonth: 0.023,
  sqsRequest: 0.4e-6,
  /** Our own events, and those of S3. */
  event: 1e-6,
  secretCall: 5e-6,
  secretMonth: 0.4,
  logGigabyte: 0.5,
  trace: 5e-6,
  metricMonth: 0.3,
  alarmMonth: 0.1,
  /** Three are free. */
  dashboardMonth: 3,
} as const;

/** What a simulation used. */
export interface Used {
  readonly uploads: number;
  /** From the uploads queue. */
  readonly receives: number;
  /** Calls of the functions, by function, service and operation: `SubmitJob S3 PutObject`. */
  readonly wireCalls: ReadonlyMap<string, number>;
  readonly usage: ReadonlyMap<string, Usage>;
}

/** What AWS bills for a part of the work, in US dollars. */
export type Bill = Readonly<
  Record<'compute' | 'transitions' | 's3' | 'queues' | 'events' | 'secrets' | 'logs' | 'traces', number>
>;

const RENDITIONS = 'MakeRenditions';
/** The memory of MakeRenditions. */
export const RENDITIONS_GIGABYTES = 3_008 / 1_024;
/** What Lambda itself writes about an invocation, and about one line of the function, in bytes. */
const LOG_BYTES = 1_200;

/**
 * What AWS bills for the work of a simulation. Storage, transfer, and what is paid each month are not in it. Functions
 * take the time of their calls there, and no time to compute.
 */
export function billOf({ uploads, receives, wireCalls, usage }: Used): { main: Bill; renditions: Bill } {
  const part = (isRenditions: boolean): Bill => {
    const isOurs = (by: string) => (by === RENDITIONS) === isRenditions;
    const calls = (pattern: RegExp) =>
      [...wireCalls].reduce((sum, [name, count]) => {
        const [by = '', ...call] = name.split(' ');
        return isOurs(by) && pattern.test(call.join(' ')) ? sum + count : sum;
      }, 0);
    const used = [...usage].filter(([name]) => isOurs(name)).map(([, one]) => one);
    const invocations = used.reduce((sum, one) => sum + one.invocations, 0);
    const gigabyteSeconds = used.reduce((sum, one) => sum + one.gigabyteSeconds, 0);
    const polls = isRenditions ? 0 : (usage.get('CheckJob')?.invocations ?? 0);
    const copies = isRenditions ? 0 : (usage.get('StoreAssets')?.invocations ?? 0);
    const messages = isRenditions ? invocations : receives;
    return {
      compute: invocations * PRICES.lambdaRequest + gigabyteSeconds * PRICES.lambdaGigabyteSecond,
      // Each poll is a wait, a task, and a choice. The start and the end are transitions, too.
      transitions: isRenditions ? 0 : (3 * polls + copies + 2 * uploads) * PRICES.stateTransition,
      s3: calls(/^S3 (Put|List|Create|Complete|Upload)/) * PRICES.s3Write + calls(/^S3 (Get|Head)/) * PRICES.s3Read,
      // A message is sent, and each receive is followed by a delete or a change of its visibility.
      queues: (uploads + 2 * messages + calls(/^SQS/)) * PRICES.sqsRequest,
      // The event of the bucket, and our own.
      events: ((isRenditions ? 0 : uploads) + calls(/^EventBridge/)) * PRICES.event,
      secrets: calls(/^SecretsManager/) * PRICES.secretCall,
      logs: (invocations * LOG_BYTES * PRICES.logGigabyte) / 1e9,
      // One for each message, and one for each execution, as long as there are few of them in a second.
      traces: (messages + (isRenditions ? 0 : uploads)) * PRICES.trace,
    };
  };
  return { main: part(false), renditions: part(true) };
}

/** In US dollars. */
export function totalOf(bill: Readonly<Record<string, number>>): number {
  return Object.values(bill).reduce((sum, dollars) => sum + dollars, 0);
}
