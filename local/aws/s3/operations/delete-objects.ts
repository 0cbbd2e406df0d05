import * as z from 'zod';
import { type Answer, xmlAnswer } from '../http/answer.ts';
import { textOf } from '../http/payload.ts';
import type { S3Request } from '../http/request.ts';
import { S3Error } from '../s3-error.ts';
import type { ObjectStore } from '../store.ts';
import { type XmlContent, parseXml } from '../http/xml.ts';

const MAX_OBJECTS = 1000;

const deletion = z.object({
  Delete: z.object({
    Quiet: z.string().optional(),
    Object: z.array(z.object({ Key: z.string(), VersionId: z.string().optional() })).max(MAX_OBJECTS),
  }),
});

type Listed = { readonly Key: string; readonly VersionId?: string | undefined };

export async function deleteObjects(request: S3Request, store: ObjectStore): Promise<Answer> {
  const { success, data } = deletion.safeParse(parseXml(await textOf(request)));
  if (!success) throw new S3Error('MalformedXML', `The XML you provided is not a list of up to ${MAX_OBJECTS} objects`);
  store.bucket(request.bucket);
  const isQuiet = data.Delete.Quiet === 'true';
  const results: { Deleted?: XmlContent; Error?: XmlContent }[] = [];
  for (const listed of data.Delete.Object) results.push(await deleteOne(store, request.bucket, listed));
  return xmlAnswer('DeleteResult', {
    Deleted: isQuiet ? [] : results.flatMap((result) => result.Deleted ?? []),
    Error: results.flatMap((result) => result.Error ?? []),
  });
}

/** Deletes one object. A failure is reported in the list and doesn't stop the others. */
async function deleteOne(
  store: ObjectStore,
  bucket: string,
  { Key, VersionId }: Listed,
): Promise<{ Deleted?: XmlContent; Error?: XmlContent }> {
  try {
    const { deleteMarker, versionId } = await store.delete(bucket, Key, { versionId: VersionId });
    const marker = deleteMarker ? { DeleteMarker: true, DeleteMarkerVersionId: versionId } : {};
    return { Deleted: { Key, VersionId, ...marker } };
  } catch (error) {
    if (!(error instanceof S3Error)) throw error;
    return { Error: { Key, VersionId, Code: error.code, Message: error.message } };
  }
}
