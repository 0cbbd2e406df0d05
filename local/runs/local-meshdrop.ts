import { join } from 'node:path';
import { type LocalAws, openLocalAws } from '../aws/local-aws.ts';
import type { ObjectStore } from '../aws/s3/store.ts';
import type { Template } from '../aws/template.ts';
import type { Loopback } from '../http/loopback.ts';
import { exportRun } from './export.ts';
import { followRuns } from './follow-runs.ts';
import { announceLate } from './late-events.ts';
import { settleRun, countUnfinishedRuns, listUploadMessages } from './open-runs.ts';
import { noteLog, noteRecords, noteUpload } from './run-notes.ts';
import { createRuns, type Runs } from './runs.ts';

export interface LocalMeshdropOptions {
  readonly template: Template;
  /** For logs and events. */
  readonly data: string;
  /** For what is begun and kept with this Scenario. */
  readonly world: string;
  /** Where finished models are written too. */
  readonly out: string;
  readonly server: Loopback;
  readonly scenario: { readonly url: string; readonly apiKey: string; readonly apiSecret: string };
  readonly standIn: boolean;
  readonly speed: number;
}

/** Meshdrop on this machine, and the runs that pass through it. It works from `begin` on. */
export interface LocalMeshdrop {
  readonly store: ObjectStore;
  readonly runs: Runs;
  readonly uploadBucket: string;
  readonly assetBucket: string;
  /** Uploads that an earlier process left in the queue or generating. */
  readonly unfinished: number;
  /** Lets the functions begin. */
  begin(): void;
  /** Resolves when nothing is left to do for an ended run: its message deleted, its execution's end announced. */
  settled(runId: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens the stack, and goes on where an earlier process stopped. */
export async function openLocalMeshdrop(options: LocalMeshdropOptions): Promise<LocalMeshdrop> {
  const { template, data, world, out, server, scenario, standIn, speed } = options;
  const { UploadBucketName: uploadBucket = '', AssetBucketName: assetBucket = '' } = template.outputs;
  const runs = createRuns();
  const { apiKey, apiSecret } = scenario;
  const aws: LocalAws = await openLocalAws({
    template,
    folder: world,
    logFolder: join(data, 'logs'),
    server,
    variables: { SCENARIO_URL: scenario.url },
    secrets: secretsOf(template, JSON.stringify({ apiKey, apiSecret })),
    areSecretsOpen: standIn,
    speed,
    onLog: (line) => noteLog(runs, line),
    hooks: followRuns(runs, {
      template,
      eventsFile: join(data, 'events.jsonl'),
      exportFiles: (run) => exportRun(aws.store, assetBucket, run, out),
    }),
  });
  await noteRecords(runs, aws.store, assetBucket);
  await announceLate(aws, template);
  aws.serve();
  return {
    store: aws.store,
    runs,
    uploadBucket,
    assetBucket,
    unfinished: countUnfinishedRuns(aws, template),
    begin: () => {
      for (const { body } of listUploadMessages(aws, template)) noteUpload(runs, body, 'queued');
      aws.begin();
    },
    settled: (runId) => settleRun(runId, aws),
    close: () => aws.close(),
  };
}

/** Every secret that a function names holds the credentials of this run. */
function secretsOf({ functions }: Template, value: string): ReadonlyMap<string, string> {
  const arns = functions.flatMap(({ properties }) => properties.Environment?.Variables['SCENARIO_SECRET_ARN'] ?? []);
  return new Map(arns.map((arn) => [arn, value]));
}
