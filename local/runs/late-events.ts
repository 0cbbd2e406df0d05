import { recordKey } from '../../functions/run/keys.ts';
import { runIdOf } from '../../functions/run/upload.ts';
import type { Aws } from '../aws/create-aws.ts';
import { type CreatedObject, createdObject } from '../aws/s3/created-object.ts';
import type { ObjectStore } from '../aws/s3/store.ts';
import type { ObjectVersion } from '../aws/s3/stored-version.ts';
import type { Template } from '../aws/template.ts';
import { isIgnoredBy } from './ignored-uploads.ts';
import { findWaitingRuns } from './open-runs.ts';

/** Announces uploads whose event was lost, as S3 does when it delivers an event late. */
export async function announceLate(aws: Aws, template: Template): Promise<void> {
  const { UploadBucketName: uploadBucket = '', AssetBucketName: assetBucket = '' } = template.outputs;
  const waiting = findWaitingRuns(aws);
  const untold = findUntoldUploads({
    store: aws.store,
    uploadBucket,
    assetBucket,
    isIgnored: isIgnoredBy(template),
    isWaiting: (runId) => waiting.has(runId),
  });
  for (const object of untold) await aws.announceObject(object);
}

export interface LateEventTools {
  readonly store: ObjectStore;
  readonly uploadBucket: string;
  readonly assetBucket: string;
  readonly isIgnored: (key: string) => boolean;
  /** Returns whether a queue has a message of this run. */
  readonly isWaiting: (runId: string) => boolean;
}

/**
 * Finds uploads whose event is missing. S3 delivers every event at least once, sometimes late. Here, a process that is
 * killed after it writes an object and before it queues the event loses the event. Such an upload has neither a record
 * nor a message.
 */
export function* findUntoldUploads(tools: LateEventTools): Generator<CreatedObject> {
  for (const version of standingVersions(tools.store, tools.uploadBucket)) {
    if (tools.isIgnored(version.key)) continue;
    const created = createdObject(tools.uploadBucket, version, 'PutObject');
    const runId = runIdOf(created);
    if (!tools.isWaiting(runId) && !tools.store.has(tools.assetBucket, recordKey(runId))) yield created;
  }
}

/**
 * Yields all versions that no delete marker hides. Versions are newest first for each key, so a delete marker comes
 * before the versions that it hides.
 */
function* standingVersions(store: ObjectStore, bucket: string): Generator<ObjectVersion> {
  let deletedKey: string | undefined;
  let from: { readonly after: string; readonly afterVersionId?: string } | undefined;
  do {
    const page = store.listVersions(bucket, from);
    for (const { version } of page.versions) {
      if (version.kind === 'delete-marker') deletedKey = version.key;
      else if (version.key !== deletedKey) yield version;
    }
    from = page.next;
  } while (from !== undefined);
}
