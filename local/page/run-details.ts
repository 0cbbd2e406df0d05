import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { manifestSchema, renditionsSchema } from '../../functions/contract/schemas.ts';
import { assetFolder, manifestKey } from '../../functions/run/keys.ts';
import { readTolerantly } from '../../functions/platform/documents.ts';
import { parseJson } from '../../functions/platform/json.ts';
import { runIdOf } from '../../functions/run/upload.ts';
import { readDocument } from '../runs/documents.ts';
import { BadCallError } from './bad-call.ts';
import type { PageTools } from './page-tools.ts';

/** All runs, newest first, with the keys of their files. */
export function listRuns({ meshdrop: { runs, store, assetBucket }, standIn }: PageTools) {
  const listed = runs.all().map((run) => ({
    ...run,
    files: store.list(assetBucket, { prefix: assetFolder(run.key, run.runId) }).objects.map(({ key }) => key),
  }));
  return { standIn, runs: listed };
}

/** Everything about one run that a person can ask for. */
export async function describeRun(runId: string, { meshdrop }: PageTools) {
  const { runs, store, assetBucket, machine } = meshdrop;
  const run = runs.get(runId);
  if (!run) throw new BadCallError(`there is no run ${runId}`, 404);
  const folder = assetFolder(run.key, runId);
  const execution = machine.list().find(({ name }) => name === runId);
  return {
    run,
    manifest: manifestSchema.safeParse(readDocument(manifestKey(run.key, runId), meshdrop)).data,
    manifestUri: `s3://${assetBucket}/${manifestKey(run.key, runId)}`,
    renditions: renditionsOf(run.renditions?.key, meshdrop),
    files: store
      .list(assetBucket, { prefix: folder })
      .objects.filter(({ key }) => !key.slice(folder.length).includes('/'))
      .map(({ key, size }) => ({ key, bytes: size })),
    execution: execution && {
      status: execution.status,
      startDate: execution.startDate,
      stopDate: execution.stopDate,
      error: execution.error,
    },
    steps: runs.steps(runId),
    events: await eventsOf(runId, meshdrop.eventsFile),
  };
}

function renditionsOf(key: string | undefined, meshdrop: PageTools['meshdrop']) {
  return key === undefined ? undefined : readTolerantly(renditionsSchema, readDocument(key, meshdrop));
}

/** Returns the version that was uploaded. @throws BadCallError */
export function uploadOf(
  runId: string,
  { meshdrop }: PageTools,
): { readonly bucket: string; readonly key: string; readonly versionId: string } {
  const { runs, store, uploadBucket: bucket } = meshdrop;
  const key = runs.get(runId)?.key;
  // The key itself comes before longer ones that begin with it.
  const versions = key === undefined ? [] : store.listVersions(bucket, { prefix: key }).versions;
  const isIt = (one: { readonly key: string; readonly versionId?: string | undefined }) =>
    one.key === key && runIdOf({ bucket, key: one.key, versionId: one.versionId }) === runId;
  const found = versions.find(({ version }) => isIt(version))?.version;
  if (key === undefined || found?.versionId === undefined)
    throw new BadCallError(`there is no upload of the run ${runId}`, 404);
  return { bucket, key, versionId: found.versionId };
}

/** The events of a run as they were published. */
async function eventsOf(runId: string, file: string): Promise<readonly unknown[]> {
  const events: unknown[] = [];
  const input = createReadStream(file);
  input.on('error', () => input.destroy());
  try {
    for await (const line of createInterface({ input })) if (line.includes(runId)) events.push(parseJson(line));
  } catch {
    // There is no event yet.
  }
  return events.filter((event) => event !== undefined);
}
