import { appendFile } from 'node:fs/promises';
import { runIdOf } from '../../functions/run/upload.ts';
import type { AwsHooks } from '../aws/aws-options.ts';
import type { EventEnvelope } from '../aws/events/envelope.ts';
import type { Template } from '../aws/template.ts';
import { toError } from '../../functions/platform/errors.ts';
import { isIgnoredBy } from './ignored-uploads.ts';
import { answerIn, noteTask, noteUpload } from './run-notes.ts';
import type { Runs } from './runs.ts';

export interface FollowTools {
  readonly template: Template;
  /** The file for all accepted events, one envelope per line. */
  readonly eventsFile: string;
  /** Writes the files of a run that has ended. */
  readonly exportFiles: (run: { readonly key: string; readonly runId: string }) => Promise<void>;
}

/** Creates hooks that note what happens in the stack and save the events of the functions. */
export function followRuns(runs: Runs, tools: FollowTools): AwsHooks {
  const { template } = tools;
  const isIgnored = isIgnoredBy(template);
  return {
    onObject: ({ bucket, key, versionId, sequencer }) => {
      if (bucket === template.outputs['UploadBucketName'] && !isIgnored(key))
        runs.note(runIdOf({ bucket, key, versionId, sequencer }), { key, stage: 'queued' });
      return Promise.resolve();
    },
    onEvent: async (_bus, event) => {
      if (!event.source.startsWith('aws.')) await keepEvent(event, runs, tools);
    },
    onReceived: (_queue, { body }) => noteUpload(runs, body, 'submitting'),
    onTask: ({ name }, state, output) => noteTask(runs, name, state, output),
  };
}

/** Saves the event and the files that it names before its sender learns that it is accepted. */
async function keepEvent(event: EventEnvelope, runs: Runs, { eventsFile, exportFiles }: FollowTools): Promise<void> {
  const answer = answerIn(event);
  // A failed export doesn't refuse the event, because the bucket has the files.
  const problem =
    answer &&
    (await exportFiles(answer).then(
      () => undefined,
      (error: unknown) => toError(error).message,
    ));
  await appendFile(eventsFile, `${JSON.stringify(event)}\n`);
  if (answer) runs.note(answer.runId, { ...answer, ...(problem !== undefined && { notExported: problem }) });
}
