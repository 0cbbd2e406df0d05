import { S3Error } from '../s3-error.ts';

/** The maximum length of a chunk header or a trailer, each of which is one line. */
const MAX_LINE_BYTES = 8192;

/**
 * Yields the payload inside `aws-chunked` framing. Adds the trailers to `trailers`, keyed by lowercase name.
 *
 * ```
 * 5;chunk-signature=…\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n
 * ```
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export async function* decodeAwsChunked(
  body: AsyncIterable<Uint8Array>,
  trailers: Map<string, string>,
): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    yield* payloadIn(chunks, trailers);
  } finally {
    await chunks.return?.(); // releases the request even after an error, so that the rest can be drained
  }
}

async function* payloadIn(
  chunks: AsyncIterator<Uint8Array>,
  trailers: Map<string, string>,
): AsyncGenerator<Uint8Array> {
  const reader = createReader(chunks);
  for (let size = sizeIn(await reader.line()); size > 0; size = sizeIn(await reader.line())) {
    yield* reader.take(size);
    if ((await reader.line()) !== '') throw broken('a chunk is longer than its header states');
  }
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    const [name = '', ...value] = line.split(':');
    trailers.set(name.trim().toLowerCase(), value.join(':').trim());
  }
}

function sizeIn(line: string): number {
  const digits = line.split(';')[0] ?? '';
  if (!/^[0-9a-f]{1,12}$/i.test(digits)) throw broken('a chunk has no valid length');
  return Number.parseInt(digits, 16);
}

function broken(reason: string): S3Error {
  return new S3Error('IncompleteBody', `The aws-chunked body is incomplete: ${reason}`);
}

function createReader(chunks: AsyncIterator<Uint8Array>) {
  let rest = Buffer.alloc(0);

  async function more(): Promise<void> {
    const next = await chunks.next();
    if (next.done) throw broken('it ends before the last chunk');
    rest = Buffer.concat([rest, next.value]);
  }

  async function line(): Promise<string> {
    for (;;) {
      const end = rest.indexOf('\r\n');
      if (end > MAX_LINE_BYTES || (end < 0 && rest.length > MAX_LINE_BYTES)) throw broken('a line is too long');
      if (end < 0) await more();
      else {
        const text = rest.toString('latin1', 0, end);
        rest = rest.subarray(end + 2);
        return text;
      }
    }
  }

  async function* take(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      if (rest.length === 0) await more();
      const piece = rest.subarray(0, left);
      rest = rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  return { line, take };
}
