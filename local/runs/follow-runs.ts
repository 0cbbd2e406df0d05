import { appendFile } from 'node:fs/promises';
import * as z from 'zod';
import { runIdOf } from '../../functions/run/upload.ts';
import type { AwsHooks } from '../aws/aws-options.ts';
import type { EventEnvelope } from '../aws/events/envelope.ts';
import type { Template } from '../aws/template.ts';
import { toError } from '../../functions/platform/errors.ts';
import { isIgnoredBy } from './ignored-uploads.ts';
import { answerIn, noteTask, noteUpload, renditionsIn } from './run-notes.ts';
import type { Runs } from './runs.ts';

export interface FollowTools {
  readonly template: Template;
  /** The file for all accepted events, one envelope per line. */
  readonly eventsFile: string;
  /** Called with each event, also those of AWS. */
  readonly onEvent: (event: EventEnvelope) => void;
  /** Called with the key of a record that was written. */
  readonly onRecord: (key: string) => void;
  /** Writes the files of a run that has ended. */
  readonly exportFiles: (run: { readonly key: string; readonly runId: string }) => Promise<void>;
  /** Writes some files of the asset bucket. */
  readonly exportKeys: (keys: readonly string[]) => Promise<void>;
}

const execution = z.object({ name: z.string(), status: z.string() });

/** Creates hooks that note what happens in the stack and save the events of the functions. */
export function followRuns(runs: Runs, tools: FollowTools): AwsHooks {
  const { template } = tools;
  const isIgnored = isIgnoredBy(template);
  return {
    onObject: async ({ bucket, key, versionId, sequencer }) => {
      if (bucket === template.outputs['UploadBucketName'] && !isIgnored(key))
        runs.note(runIdOf({ bucket, key, versionId, sequencer }), { key, stage: 'queued' });
      if (bucket === template.outputs['AssetBucketName'] && /^runs\/[^/]+\.json$/.test(key)) tools.onRecord(key);
    },
    onEvent: async (_bus, event) => {
      tools.onEvent(event);
      if (!event.source.startsWith('aws.')) await keepEvent(event, runs, tools);
      const { name, status } = execution.safeParse(event.detail).data ?? {};
      // A run that was failed runs again: somebody has redriven it.
      if (name !== undefined && status === 'RUNNING') runs.restart(name);
    },
    onReceived: (_queue, { body }) => noteUpload(runs, body, 'submitting'),
    onTask: ({ name }, state, output) => noteTask(runs, name, state, output),
  };
}

/** Saves the event and the files that it names before its sender learns that it is accepted. */
async function keepEvent(event: EventEnvelope, runs: Runs, tools: FollowTools): Promise<void> {
  const answer = answerIn(event);
  const finished = renditionsIn(event);
  const exported = answer
    ? tools.exportFiles(answer)
    : finished && tools.exportKeys([finished.renditions.key, ...finished.renditions.files.map(({ key }) => key)]);
  // A failed export doesn't refuse the event, because the bucket has the files.
  const problem = await exported?.then(
    () => undefined,
    (error: unknown) => toError(error).message,
  );
  await appendFile(tools.eventsFile, `${JSON.stringify(event)}\n`);
  const news = answer ?? finished;
  if (news) runs.note(news.runId, { ...news, ...(problem !== undefined && { notExported: problem }) });
}
