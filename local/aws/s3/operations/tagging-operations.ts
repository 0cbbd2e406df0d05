import * as z from 'zod';
import { type Answer, xmlAnswer } from '../http/answer.ts';
import { versionIn } from './object-operations.ts';
import { textOf } from '../http/payload.ts';
import type { S3Request } from '../http/request.ts';
import { S3Error } from '../s3-error.ts';
import type { ObjectStore } from '../store.ts';
import { parseXml } from '../http/xml.ts';

const tagging = z.object({
  Tagging: z.object({
    TagSet: z.union([
      z.object({ Tag: z.array(z.object({ Key: z.string(), Value: z.string() })) }),
      z.string().transform(() => ({ Tag: [] })), // an empty set
    ]),
  }),
});

export function getObjectTagging(request: S3Request, store: ObjectStore): Answer {
  const { tags = {}, versionId } = store.head(request.bucket, request.key, versionIn(request));
  const set = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return xmlAnswer('Tagging', { TagSet: { Tag: set } }, versionId ? { 'x-amz-version-id': versionId } : {});
}

export async function putObjectTagging(request: S3Request, store: ObjectStore): Promise<Answer> {
  const { success, data } = tagging.safeParse(parseXml(await textOf(request)));
  if (!success) throw new S3Error('MalformedXML', 'The XML you provided is not a set of tags');
  const tags = Object.fromEntries(data.Tagging.TagSet.Tag.map(({ Key, Value }) => [Key, Value]));
  const { versionId } = store.setTags(request.bucket, request.key, tags, versionIn(request));
  return { headers: versionId ? { 'x-amz-version-id': versionId } : {} };
}
