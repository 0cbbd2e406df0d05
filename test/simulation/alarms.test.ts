import './world/timeouts.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { METRIC_NAMESPACE, METRIC_UNITS } from '../../functions/platform/metrics.ts';
import { recordKey } from '../../functions/run/keys.ts';
import type { Queue } from '../../local/aws/sqs/queue.ts';
import { goesOff, metricId, readWatched, type Watched } from './alarms.ts';
import { anotherPicture, files } from './world/images.ts';
import type { Sample } from './world/metrics.ts';
import { openWorld } from './world/open-world.ts';
import { isDuring, type WireFault } from './world/wire-faults.ts';
import type { Setting, World } from './world/world.ts';

/** What goes wrong, and how long it takes until the alarm must have gone off. */
interface Incident {
  readonly alarm: string;
  readonly what: string;
  readonly hours: number;
  readonly setting?: Omit<Setting, 'seed' | 'wire'>;
  /** The calls of the functions that go wrong, from the start to the end. */
  readonly outage?: { readonly by?: string; readonly of: string; readonly what: WireFault };
  /** @default 1 */
  readonly uploads?: number;
  readonly begins?: (world: World) => Promise<unknown>;
}

const generate = 'generate' as const;
const always = { times: 1_000_000 } as const;
const denied: WireFault = { what: 's3-refusal', status: 403, code: 'AccessDenied' };
const unheardOf: WireFault = { what: 's3-refusal', status: 400, code: 'InvalidRequest' };
const isKilled: WireFault = { what: 'crash-before' };
const breaks: WireFault = { what: 'server-error' };

const incidents: readonly Incident[] = [
  {
    alarm: 'DuplicateJob',
    what: 'one send starts two jobs',
    hours: 1,
    setting: {
      standIn: {
        faults: [
          { on: generate, what: 'two-jobs' },
          { on: generate, what: 'lost-cut' },
        ],
      },
    },
  },
  { alarm: 'AccountRefused', what: 'no credits are left', hours: 1, setting: { standIn: { creditsLeft: 0 } } },
  {
    alarm: 'ManySends',
    what: 'a gateway refuses every send',
    hours: 24,
    setting: {
      standIn: { faults: [{ on: generate, what: 'answer', status: 403, body: '<html>Forbidden</html>', ...always }] },
    },
  },
  {
    alarm: 'OverDailyLimit',
    what: 'the daily limit is reached',
    hours: 1,
    setting: { environment: { MAX_CU_PER_DAY: '20' } },
  },
  {
    alarm: 'DeadRenditions',
    what: 'a bucket policy refuses to write renditions',
    hours: 24,
    outage: { by: 'MakeRenditions', of: 'S3 PutObject', what: denied },
  },
  { alarm: 'SpendingFast', what: 'twelve models within an hour', hours: 2, uploads: 12 },
  {
    alarm: 'RecordUnreadable',
    what: 'a record is damaged while its upload waits',
    hours: 1,
    begins: (world) => damageRecord(world),
  },
  {
    alarm: 'LookFailed',
    what: 'a record is damaged after its message was lost',
    hours: 4,
    setting: { delivery: () => [] },
    begins: (world) => damageRecord(world),
  },
  {
    alarm: 'UploadRefused',
    what: 'the bucket policy refuses to read the image',
    hours: 1,
    outage: { of: 'S3 GetObject 1.png', what: denied },
  },
  {
    alarm: 'UploadsHeldLong',
    what: 'no credits are left for half a day',
    hours: 14,
    setting: { standIn: { creditsLeft: 0 } },
  },
  {
    alarm: 'SubmitJobFailed',
    what: 'SubmitJob dies each time',
    hours: 3,
    outage: { by: 'SubmitJob', of: '', what: isKilled },
  },
  {
    alarm: 'UnexpectedError',
    what: 'S3 answers in an unknown way each time',
    hours: 3,
    outage: { by: 'SubmitJob', of: 'S3 GetObject runs', what: unheardOf },
  },
  {
    alarm: 'UploadsWaitLong',
    what: 'SubmitJob hangs each time, and others wait behind',
    hours: 15,
    uploads: 120,
    outage: { by: 'SubmitJob', of: '', what: { what: 'hang-before' } },
  },
  {
    alarm: 'DeadUploads',
    what: 'a message cannot be read, however often it is received',
    hours: 2,
    begins: (world) => queueNamed(world, 'Uploads-DeadLetters').send('{"not": "an upload"}'),
  },
  {
    alarm: 'DeadFailureReports',
    what: 'ReportFailure dies each time',
    hours: 4,
    setting: { standIn: { faults: [{ on: generate, what: 'fails' }] } },
    outage: { by: 'ReportFailure', of: '', what: isKilled },
  },
  {
    alarm: 'ModelNotStored',
    what: 'the files of a job can never be loaded',
    hours: 12,
    setting: { standIn: { faults: [{ on: 'cdn', what: 'cut-before', ...always }] } },
  },
  {
    alarm: 'StoreAssetsFailed',
    what: 'the asset bucket takes no file',
    hours: 4,
    uploads: 5,
    outage: { by: 'StoreAssets', of: 'S3 PutObject models', what: denied },
  },
  {
    alarm: 'AboveQuote',
    what: 'a failed job costs twice its quote',
    hours: 4,
    setting: { standIn: { chargeFactor: 2, faults: [{ on: generate, what: 'fails', refund: false }] } },
  },
  { alarm: 'AboveQuote', what: 'a job costs twice its quote', hours: 1, setting: { standIn: { chargeFactor: 2 } } },
  {
    alarm: 'GenerationLate',
    what: 'the job of a paid run cannot be read',
    hours: 6,
    outage: { by: 'CheckJob', of: 'GET', what: breaks },
  },
  {
    alarm: 'GenerationTimedOut',
    what: 'the job of a paid run cannot be read for two weeks',
    hours: 14 * 24,
    outage: { by: 'CheckJob', of: 'GET', what: breaks },
  },
  { alarm: 'SweepFailed', what: 'the sweep dies each time', hours: 3, outage: { by: 'Sweep', of: '', what: isKilled } },
  { alarm: 'SweepMissing', what: 'the schedule is disabled', hours: 5, setting: { isSweepDisabled: true } },
];

/** What happens every day and needs nobody. */
const calm: readonly Omit<Incident, 'alarm'>[] = [
  { what: 'a day with five uploads', hours: 24, uploads: 5 },
  { what: 'an hour with a full ceiling', hours: 3, setting: { standIn: { concurrencyCeiling: 0 } } },
  {
    what: 'ten minutes of a pause',
    hours: 2,
    begins: async (world) => {
      await world.pause(true);
      world.clock.after(600_000, () => world.pause(false));
    },
  },
  {
    what: 'the same picture twice',
    hours: 2,
    begins: (world) => world.drop({ key: 'again.png', bytes: anotherPicture(files.png, 1) }),
  },
  {
    what: 'a picture that Scenario refuses',
    hours: 3,
    setting: { standIn: { faults: [{ on: generate, what: 'bad-request' }] } },
  },
  {
    what: 'a model that no rendition can be made of',
    hours: 2,
    begins: (world) =>
      world.drop({ key: 'quads.png', bytes: anotherPicture(files.png, 7), metadata: { 'tripo-quad': 'true' } }),
  },
  { what: 'a job that fails', hours: 3, setting: { standIn: { faults: [{ on: generate, what: 'fails' }] } } },
  {
    what: 'an answer that is lost',
    hours: 3,
    setting: { standIn: { faults: [{ on: generate, what: 'lost-cut' }] } },
  },
  {
    what: 'three downloads that break',
    hours: 3,
    setting: { standIn: { faults: [{ on: 'cdn', what: 'cut-before', times: 3 }] } },
  },
];

let watched: Watched;
/** The metrics that functions counted. */
const counted = new Set<string>();
beforeAll(async () => {
  watched = await readWatched();
});

describe('an alarm', () => {
  it('has an incident here', () => {
    const names = new Set(watched.alarms.map(({ name }) => name));
    expect(new Set(incidents.map(({ alarm }) => alarm))).toEqual(names);
  });

  it.each(incidents)('goes off: $alarm, when $what', async (incident) => {
    expect(await ringing(incident)).toContain(incident.alarm);
  });

  it.each(calm)('stays calm in $what', async (incident) => {
    expect(await ringing(incident)).toEqual([]);
  });
});

it('sees each metric that a function has counted above, or a graph shows it', () => {
  const rings = watched.alarms.map(({ Namespace, MetricName, Dimensions: [{ Value }] }) =>
    metricId({ namespace: Namespace, metric: MetricName, of: Value }),
  );
  const names = new Set([...counted].map((id) => id.split(' ')[1]));
  expect(Object.keys(METRIC_UNITS).filter((name) => !names.has(name))).toEqual([]);
  expect([...counted].filter((id) => !rings.includes(id) && !watched.drawn.has(id))).toEqual([]);
});

/** Plays the incident and returns the alarms that go off. */
async function ringing({
  setting,
  outage,
  hours,
  uploads = 1,
  begins,
}: Omit<Incident, 'alarm'>): Promise<readonly string[]> {
  const whole = { fromSeconds: 0, seconds: Number.POSITIVE_INFINITY };
  const world = await openWorld({
    seed: 1,
    ...setting,
    standIn: { jobSeconds: 120, ...setting?.standIn },
    wire: (call) =>
      outage && (outage.by ?? call.by) === call.by && isDuring({ ...outage, ...whole }, call) ? outage.what : undefined,
  });
  const start = world.clock.now();
  const end = start + hours * 3_600_000;
  const reported = reportQueues(world);
  for (let n = 1; n <= uploads; n += 1) await world.drop({ key: `${n}.png`, bytes: anotherPicture(files.png, n) });
  await begins?.(world);
  while (world.clock.now() < end && (await world.clock.step()));
  const samples = [...world.metrics.samples, ...reported, ...timedOut(world)];
  for (const sample of world.metrics.samples) if (sample.namespace === METRIC_NAMESPACE) counted.add(metricId(sample));
  await world.close();
  return watched.alarms.filter((alarm) => goesOff(alarm, samples, start, end)).map(({ name }) => name);
}

/** Samples what SQS reports about its queues, once a minute. */
function reportQueues(world: World): readonly Sample[] {
  const samples: Sample[] = [];
  const sample = () => {
    const at = world.clock.now();
    for (const queue of world.aws.queues.values()) {
      const messages = queue.messages();
      const visible = messages.filter((message) => queue.isVisible(message)).length;
      // SQS leaves out messages that were received more than three times.
      const ages = messages.filter(({ receiveCount }) => receiveCount <= 3).map(({ sentAt }) => (at - sentAt) / 1000);
      const reported = {
        ApproximateNumberOfMessagesVisible: visible,
        ApproximateAgeOfOldestMessage: Math.max(0, ...ages),
      };
      for (const [metric, value] of Object.entries(reported))
        samples.push({ namespace: 'AWS/SQS', metric, of: queue.name, at, value });
    }
    world.clock.after(60_000, sample, { isBackground: true });
  };
  sample();
  return samples;
}

/** Returns what Step Functions reports about executions that timed out. */
function timedOut({ aws: { machine } }: World): readonly Sample[] {
  return machine
    .list()
    .filter(({ status }) => status === 'TIMED_OUT')
    .map(({ stateMachineArn: of, stopDate: at = 0 }) => ({
      namespace: 'AWS/States',
      metric: 'ExecutionsTimedOut',
      of,
      at,
      value: 1,
    }));
}

async function damageRecord(world: World): Promise<void> {
  const [upload] = world.uploads;
  if (!upload) throw new Error('nothing was uploaded');
  await world.aws.store.put(world.assetBucket, recordKey(upload.runId), bytesOf('{"phase": "unheard of"}'));
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function queueNamed({ aws }: World, name: string): Queue {
  const found = [...aws.queues.values()].find((queue) => queue.name === name);
  if (!found) throw new Error(`there is no queue ${name}`);
  return found;
}
