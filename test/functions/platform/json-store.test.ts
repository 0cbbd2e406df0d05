import { createServer } from 'node:http';
import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createJsonStore } from '../../../functions/platform/json-store.ts';

/** Reads a document from an S3 that answers with this `Date` header. */
async function readWith(date: string) {
  const headers = { date, etag: '"e"', 'last-modified': 'Mon, 05 Oct 2026 10:00:00 GMT' };
  const server = createServer((_, response) => response.writeHead(200, headers).end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const s3 = new S3Client({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials });
  onTestFinished(() => s3.destroy());
  return await createJsonStore(s3, 'bucket').read('document.json');
}

describe('the age of a document', () => {
  it("is measured by S3's own clock", async () => {
    expect(await readWith('Mon, 05 Oct 2026 10:01:30 GMT')).toMatchObject({ ageMs: 90_000 });
  });

  it('is never negative, since the two dates come from clocks that differ a little', async () => {
    expect(await readWith('Mon, 05 Oct 2026 09:59:59 GMT')).toMatchObject({ ageMs: 0 });
  });

  it('is an error if the date cannot be read: a wrong age could let a run be paid twice', async () => {
    await expect(readWith('yesterday')).rejects.toThrow(/without body, etag or date/);
  });
});
