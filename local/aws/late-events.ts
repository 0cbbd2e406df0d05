import { runIdOf, recordKey } from '../../functions/run/upload.ts';
import { type CreatedObject, createdObject } from './s3/created-object.ts';
import { S3Error } from './s3/s3-error.ts';
import type { ObjectStore } from './s3/store.ts';
import type { ObjectVersion } from './s3/stored-version.ts';

export interface LateEventTools {
  readonly store: ObjectStore;
  readonly uploadBucket: string;
  readonly assetBucket: string;
  readonly isIgnored: (key: string) => boolean;
  /** Whether a message of this run lies in a queue. */
  readonly isWaiting: (runId: string) => boolean;
}

/**
 * Uploads that S3 still has to tell of. It delivers every event at least once, if late; here a process that is killed
 * between writing an object and queueing its event has told nobody. Such an upload has neither a record nor a message.
 */
export function* untoldUploads(tools: LateEventTools): Generator<CreatedObject> {
  for (const version of standingVersions(tools.store, tools.uploadBucket)) {
    if (tools.isIgnored(version.key)) continue;
    const created = createdObject(tools.uploadBucket, version, 'PutObject');
    const { bucket, key, versionId, sequencer } = created;
    const runId = runIdOf({ bucket, key, version: versionId ?? sequencer });
    if (!tools.isWaiting(runId) && !hasObject(tools.store, tools.assetBucket, recordKey(runId)))
      yield created;
  }
}

/** All versions but those that were deleted: newest first within a key, so a delete marker comes before what it hides. */
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

function hasObject(store: ObjectStore, bucket: string, key: string): boolean {
  try {
    store.head(bucket, key);
    return true;
  } catch (error) {
    if (error instanceof S3Error) return false;
    throw error;
  }
}
