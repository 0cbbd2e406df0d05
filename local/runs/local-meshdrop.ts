import { join } from 'node:path';
import { type LocalAws, openLocalAws } from '../aws/local-aws.ts';
import type { EventEnvelope } from '../aws/events/envelope.ts';
import type { ObjectStore } from '../aws/s3/store.ts';
import type { Template } from '../aws/template.ts';
import type { Loopback } from '../http/loopback.ts';
import { createAccessLog } from './access-log.ts';
import { exportKeys, exportRun } from './export.ts';
import { makesRenditions } from './renditions.ts';
import { followRuns } from './follow-runs.ts';
import { announceLate } from './late-events.ts';
import { settleRun, countUnfinishedRuns, listUploadMessages } from './open-runs.ts';
import { noteLog, noteRecord, noteRecords, noteUpload } from './run-notes.ts';
import { createRuns, type Runs } from './runs.ts';

export interface LocalMeshdropOptions {
  readonly template: Template;
  /** The folder for logs and events. */
  readonly data: string;
  /** The folder for everything that belongs to this Scenario. */
  readonly world: string;
  /** The folder to which finished models are also written. */
  readonly out: string;
  readonly server: Loopback;
  readonly scenario: { readonly apiKey: string; readonly apiSecret: string };
  readonly standIn: boolean;
  /** Guards everything that can cost money. */
  readonly token?: string | undefined;
  /** Replaces variables of the functions. Read when a function starts, so the caller can add some before `begin`. */
  readonly variables: Readonly<Record<string, string>>;
  readonly speed: number;
}

/** Meshdrop on this machine, and its runs. It invokes functions only after `begin`. */
export interface LocalMeshdrop {
  readonly store: ObjectStore;
  readonly queues: LocalAws['queues'];
  readonly machine: LocalAws['machine'];
  readonly runs: Runs;
  /** The file with all events that were published, one envelope per line. */
  readonly eventsFile: string;
  /** The latest events that this process has seen, newest first. */
  recentEvents(): readonly EventEnvelope[];
  readonly uploadBucket: string;
  readonly assetBucket: string;
  /** The number of uploads that an earlier process left in the queue or generating. */
  readonly unfinished: number;
  /** Starts to invoke functions. */
  begin(): void;
  /**
   * Resolves when an ended run is completely settled: its message is deleted, and the end of its execution is
   * announced.
   */
  settled(runId: string): Promise<void>;
  close(): Promise<void>;
}

/** An object of the store, and its bytes. */
export type StoredObject = ReturnType<ObjectStore['get']>;

const MOST_EVENTS = 100;

/** Opens the stack and continues where an earlier process stopped. */
export async function openLocalMeshdrop(options: LocalMeshdropOptions): Promise<LocalMeshdrop> {
  const { template, data, world, out, server, scenario, standIn, token, variables, speed } = options;
  const { UploadBucketName: uploadBucket = '', AssetBucketName: assetBucket = '' } = template.outputs;
  const runs = createRuns(makesRenditions(template));
  const recent: EventEnvelope[] = [];
  const eventsFile = join(data, 'events.jsonl');
  const { apiKey, apiSecret } = scenario;
  const aws: LocalAws = await openLocalAws({
    template,
    folder: world,
    logFolder: join(data, 'logs'),
    server,
    variables,
    token,
    secrets: secretsOf(template, JSON.stringify({ apiKey, apiSecret })),
    areSecretsOpen: standIn,
    speed,
    onLog: (line) => noteLog(runs, line),
    hooks: {
      onAccess: createAccessLog(join(data, 'access.jsonl')),
      ...followRuns(runs, {
        template,
        eventsFile,
        onEvent: (event) => {
          recent.unshift(event);
          recent.length = Math.min(recent.length, MOST_EVENTS);
        },
        onRecord: (key) => {
          try {
            noteRecord(runs, key, { store: aws.store, assetBucket });
          } catch {
            // A run that cannot be shown must not refuse the write of its record.
          }
        },
        exportFiles: (run) => exportRun(aws.store, assetBucket, run, out),
        exportKeys: (keys) => exportKeys(aws.store, assetBucket, keys, out),
      }),
    },
  });
  noteRecords(runs, { store: aws.store, assetBucket });
  await announceLate(aws, template);
  aws.serve();
  return {
    store: aws.store,
    queues: aws.queues,
    machine: aws.machine,
    runs,
    eventsFile,
    recentEvents: () => recent,
    uploadBucket,
    assetBucket,
    unfinished: countUnfinishedRuns(aws, template),
    begin: () => {
      for (const { body } of listUploadMessages(aws, template)) noteUpload(runs, body, 'queued');
      aws.begin();
    },
    settled: (runId) => settleRun(runId, runs.get(runId)?.key ?? '', aws),
    close: () => aws.close(),
  };
}

/** Returns the credentials of this run as the value of every secret that a function refers to. */
function secretsOf({ functions }: Template, value: string): ReadonlyMap<string, string> {
  const arns = functions.flatMap(({ properties }) => properties.Environment?.Variables['SCENARIO_SECRET_ARN'] ?? []);
  return new Map(arns.map((arn) => [arn, value]));
}
