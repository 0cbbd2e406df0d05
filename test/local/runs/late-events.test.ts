import { expect, test } from 'vitest';
import { findUntoldUploads } from '../../../local/runs/late-events.ts';
import { createObjectStore, type ObjectStore } from '../../../local/aws/s3/store.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { recordKey } from '../../../functions/run/keys.ts';
import { runIdOf } from '../../../functions/run/upload.ts';

const uploadBucket = 'uploads';
const assetBucket = 'assets';

async function createStore(): Promise<ObjectStore> {
  const store = createObjectStore({ folder: await temporaryFolder() });
  store.createBucket(uploadBucket, { versioned: true });
  store.createBucket(assetBucket, { versioned: true });
  return store;
}

async function* bytes() {
  yield Buffer.from('image');
}

/** Uploads an object and returns its run ID. */
async function upload(store: ObjectStore, key: string): Promise<string> {
  const { versionId = '' } = await store.put(uploadBucket, key, bytes());
  return runIdOf({ bucket: uploadBucket, key, versionId });
}

function untold(store: ObjectStore, waiting: readonly string[] = []): readonly string[] {
  const isIgnored = (key: string) => key.startsWith('ignored/');
  const isWaiting = (runId: string) => waiting.includes(runId);
  const found = findUntoldUploads({ store, uploadBucket, assetBucket, isIgnored, isWaiting });
  return [...found].map(({ key, versionId = '' }) => runIdOf({ bucket: uploadBucket, key, versionId }));
}

test('every version of an upload whose event was lost gets a late event', async () => {
  const store = await createStore();
  const first = await upload(store, 'oak.png');
  const second = await upload(store, 'oak.png');

  expect(untold(store)).toEqual([second, first]);
});

test('an upload gets no late event if its message waits or its run has a record', async () => {
  const store = await createStore();
  const waiting = await upload(store, 'oak.png');
  const begun = await upload(store, 'elm.png');
  await store.put(assetBucket, recordKey(begun), bytes());

  expect(untold(store, [waiting])).toEqual([]);
});

test('an upload gets no late event if it is deleted or ignored', async () => {
  const store = await createStore();
  await upload(store, 'ignored/oak.png');
  await upload(store, 'oak.png');
  await store.delete(uploadBucket, 'oak.png');
  const after = await upload(store, 'oak.png');

  expect(untold(store)).toEqual([after]);
});
