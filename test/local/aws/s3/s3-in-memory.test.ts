import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { answerS3 } from '../../../../local/aws/s3/handler.ts';
import { type ObjectStore, createObjectStore } from '../../../../local/aws/s3/store.ts';

const NOW = Date.UTC(2026, 9, 5, 10);

function storeInMemory(): ObjectStore {
  const store = createObjectStore({ now: () => NOW });
  store.createBucket('assets', { versioned: true });
  return store;
}

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

/** Sends a request as a simulation does, without a socket or a Node.js stream. */
async function answered(store: ObjectStore, method: string, url: string, headers = {}, body = '') {
  const length = body === '' ? {} : { 'content-length': String(body.length) };
  const answer = await answerS3(
    { method, url, headers: { host: '127.0.0.1', ...length, ...headers }, body: pieces(body) },
    store,
  );
  const sent = answer.body instanceof Readable ? await text(answer.body) : answer.body?.toString();
  return { status: answer.status ?? 200, headers: answer.headers ?? {}, body: sent };
}

it('supports versions, parts, and ranges in memory without a folder', async () => {
  const store = storeInMemory();
  const first = await store.put('assets', 'oak.glb', pieces('one', 'two'));
  const uploadId = store.multipart.create('assets', 'oak.glb');
  const name = { bucket: 'assets', key: 'oak.glb', uploadId };
  const { etag } = await store.multipart.uploadPart(name, 1, pieces('three'));

  await store.multipart.complete(name, [{ number: 1, etag }]);

  expect(await text(store.get('assets', 'oak.glb').body)).toBe('three');
  expect(await text(store.get('assets', 'oak.glb', { versionId: first.versionId }).body)).toBe('onetwo');
  expect(await text(store.read(first, { first: 2, last: 3 }))).toBe('et');
});

it('frees the bytes of a version that is removed', async () => {
  const store = storeInMemory();
  const { versionId } = await store.put('assets', 'oak.glb', pieces('one'));

  await store.delete('assets', 'oak.glb', { versionId });

  expect(() => store.get('assets', 'oak.glb')).toThrow(expect.objectContaining({ code: 'NoSuchKey' }));
});

it('returns the same IDs for the same requests, so that a simulation is repeatable', async () => {
  const [one, other] = [storeInMemory(), storeInMemory()];

  const ids = [
    await one.put('assets', 'a', pieces('1')),
    await one.put('assets', 'a', pieces('2')),
    await other.put('assets', 'a', pieces('1')),
    await other.put('assets', 'a', pieces('2')),
  ].map(({ versionId }) => versionId);

  expect(ids[0]).toBe(ids[2]);
  expect(ids[1]).toBe(ids[3]);
  expect(ids[0]).not.toBe(ids[1]);
});

it('answers a request without a socket in the same way as over one', async () => {
  const store = storeInMemory();

  const put = await answered(store, 'PUT', '/assets/runs/oak.json', { 'if-none-match': '*' }, '{}');
  const again = await answered(store, 'PUT', '/assets/runs/oak.json', { 'if-none-match': '*' }, '{}');
  const got = await answered(store, 'GET', '/assets/runs/oak.json');
  const gone = await answered(store, 'HEAD', '/assets/runs/chair.json');

  expect(put.status).toBe(200);
  expect(again.status).toBe(412);
  expect(got.headers).toMatchObject({ etag: put.headers['etag'], date: new Date(NOW).toUTCString() });
  expect(got.body).toBe('{}');
  expect(gone).toMatchObject({ status: 404, body: undefined });
});
