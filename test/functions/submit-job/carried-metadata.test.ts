import { expect, it } from 'vitest';
import { carriedMetadata } from '../../../functions/submit-job/carried-metadata.ts';
import { openSubmission } from '../submission.ts';

const metadata = {
  sku: 'OAK-1',
  author: 'me',
  title: '=?UTF-8?B?R3LDtsOfZSDwn6aJ?=',
  q: '=?UTF-8?Q?Gr=C3=B6=C3=9Fe_1?=',
};

it('is what the deployment names, and nothing else', () => {
  expect(carriedMetadata(metadata, ['sku', 'color'])).toEqual({ sku: 'OAK-1' });
  expect(carriedMetadata(metadata, [])).toBeUndefined();
  expect(carriedMetadata(metadata, ['constructor'])).toBeUndefined();
});

it('is plain text, however S3 encodes it', () => {
  expect(carriedMetadata(metadata, ['title', 'q'])).toEqual({ title: 'Größe 🦉', q: 'Größe 1' });
});

it('has at most 2 KB', () => {
  expect(carriedMetadata({ a: 'x'.repeat(2_047), b: 'y' }, ['a', 'b'])).toEqual({ a: 'x'.repeat(2_047) });
});

it('always has the height of the thing, which the renditions need, under its documented key', async () => {
  const world = await openSubmission({}, { env: { CARRY_METADATA: '["sku"]' } });
  const { upload, runId } = await world.drop({ Meshdrop_Height: '85cm', sku: 'OAK-1', author: 'me' });

  await world.submitUntilDone(upload);

  expect((await world.record(runId))?.upload.metadata).toEqual({ sku: 'OAK-1', 'meshdrop-height': '85cm' });
});
