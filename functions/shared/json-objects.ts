import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3';
import { AwsUnavailableError } from './errors.ts';

interface JsonObject {
  readonly value: unknown;
  readonly etag: string;
  /** S3's own clock, whole seconds. */
  readonly lastModified: Date;
}

/** JSON documents in one bucket, read whole and written only on condition. */
export interface JsonObjects {
  /** Undefined when there is none. */
  read(key: string): Promise<JsonObject | undefined>;
  /**
   * Creates the document, or replaces the one with this etag.
   *
   * @returns the new etag, or undefined when the condition did not hold: somebody else was first
   */
  write(key: string, value: unknown, replacing?: string): Promise<string | undefined>;
}

/** S3 answers 409 to one of two conditional writes at the same moment and asks to try again. */
const CONFLICT_TRIES = 5;

export function createJsonObjects(s3: S3Client, bucket: string): JsonObjects {
  async function read(key: string): Promise<JsonObject | undefined> {
    try {
      const { Body, ETag, LastModified } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      if (!Body || !ETag || !LastModified)
        throw new Error(`S3 answered without body, etag or date for ${key}`);
      return { value: JSON.parse(await Body.transformToString()), etag: ETag, lastModified: LastModified };
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  async function write(key: string, value: unknown, replacing?: string): Promise<string | undefined> {
    const condition = replacing === undefined ? { IfNoneMatch: '*' } : { IfMatch: replacing };
    const document = {
      Bucket: bucket,
      Key: key,
      ContentType: 'application/json',
      Body: JSON.stringify(value, null, 2),
    };
    for (let tries = 1; ; tries += 1) {
      try {
        const { ETag } = await s3.send(new PutObjectCommand({ ...document, ...condition }));
        if (!ETag) throw new Error(`S3 answered without an etag for ${key}`);
        return ETag;
      } catch (error) {
        if (isLost(error)) return undefined;
        if (!isConflict(error)) throw error;
        if (tries === CONFLICT_TRIES)
          throw new AwsUnavailableError(`S3 met a conflict ${tries} times at ${key}`, { cause: error });
      }
    }
  }

  return { read, write };
}

/** 412: the condition does not hold. 404: what should be replaced is gone. */
function isLost(error: unknown): boolean {
  return (
    error instanceof S3ServiceException && (error.name === 'PreconditionFailed' || error.name === 'NoSuchKey')
  );
}

function isConflict(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'ConditionalRequestConflict';
}
