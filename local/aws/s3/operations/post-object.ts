import { Readable } from 'node:stream';
import { type Answer, xmlAnswer } from '../http/answer.ts';
import { descriptionIn, identityOf } from './object-headers.ts';
import type { S3Request } from '../http/request.ts';
import { S3Error } from '../s3-error.ts';
import type { ObjectStore } from '../store.ts';

/** Larger files do not fit in memory. The largest image has 20 MB. */
const MAX_FORM_BYTES = 200_000_000;

/**
 * `POST` of an HTML form with a file, as presigned posts use it. Signatures and policies are not checked.
 *
 * @throws S3Error MalformedPOSTRequest, InvalidArgument, EntityTooLarge
 */
export async function postObject(request: S3Request, store: ObjectStore): Promise<Answer> {
  const form = await formIn(request);
  const file = form.get('file');
  const key = form.get('key');
  if (typeof key !== 'string' || key === '')
    throw new S3Error('InvalidArgument', 'Bucket POST must contain a field named "key".');
  if (file === null) throw new S3Error('InvalidArgument', 'POST requires exactly one file upload per request.');
  const bytes = typeof file === 'string' ? Buffer.from(file) : Buffer.from(await file.arrayBuffer());
  const name = typeof file === 'string' ? '' : file.name;
  const headers = Object.fromEntries(
    [...form].flatMap(([field, value]) => (typeof value === 'string' ? [[field.toLowerCase(), latin1(value)]] : [])),
  );
  const at = key.replaceAll('${filename}', name);
  const stored = await store.put(request.bucket, at, Readable.from([bytes]), {
    ...descriptionIn(headers),
    expected: {},
    reason: 'PostObject',
  });
  return answer(headers, { bucket: request.bucket, key: at, ...identityOf(stored) });
}

async function formIn({ headers, body }: S3Request): Promise<FormData> {
  const type = headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data'))
    throw new S3Error('MalformedPOSTRequest', 'The body of your POST request is not well-formed multipart/form-data.');
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > MAX_FORM_BYTES)
      throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
    pieces.push(piece);
  }
  try {
    return await new Response(Buffer.concat(pieces), { headers: { 'content-type': type } }).formData();
  } catch {
    throw new S3Error('MalformedPOSTRequest', 'The body of your POST request is not well-formed multipart/form-data.');
  }
}

/** Metadata travels as one character for each byte, as in headers. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function answer(
  fields: Readonly<Record<string, string>>,
  { bucket, key, etag = '', ...identity }: { readonly bucket: string; readonly key: string; readonly etag?: string },
): Answer {
  const redirect = fields['success_action_redirect'] ?? fields['redirect'];
  if (redirect !== undefined && URL.canParse(redirect)) {
    const location = new URL(redirect);
    for (const [name, value] of Object.entries({ bucket, key, etag })) location.searchParams.set(name, value);
    return { status: 303, headers: { ...identity, etag, location: location.href } };
  }
  const location = `/${bucket}/${encodeURIComponent(key)}`;
  const headers = { ...identity, etag, location };
  if (fields['success_action_status'] === '201')
    return {
      ...xmlAnswer('PostResponse', { Location: location, Bucket: bucket, Key: key, ETag: etag }, headers),
      status: 201,
    };
  return { status: fields['success_action_status'] === '200' ? 200 : 204, headers };
}
