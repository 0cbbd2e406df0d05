import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import { AwsUnavailableError } from './errors.ts';
import { parseJson } from './json.ts';

interface JsonDocument {
  /** Undefined if it is not JSON. */
  readonly value: unknown;
  readonly etag: string;
  /** The time since it was written, in milliseconds, by S3's own clock, which counts whole seconds. */
  readonly ageMs: number;
}

/** JSON documents in one bucket. They are read as a whole, and every write is conditional. */
export interface JsonStore {
  /** Whether the object exists, JSON or not. */
  exists(key: string, versionId?: string): Promise<boolean>;
  /** Undefined if there is none. */
  read(key: string): Promise<JsonDocument | undefined>;
  /**
   * Creates the document, or replaces the one with this etag.
   *
   * @returns the new etag, or undefined if the condition did not hold because another writer was first
   */
  write(key: string, value: unknown, replacing?: string): Promise<string | undefined>;
}

/** S3 answers 409 to one of two conditional writes at the same time, and asks for a retry. */
const CONFLICT_TRIES = 5;

export function createJsonStore(s3: S3Client, bucket: string): JsonStore {
  async function read(key: string): Promise<JsonDocument | undefined> {
    const command = new GetObjectCommand({ Bucket: bucket, Key: key });
    const answeredAt = readServerClock(command);
    try {
      const { Body, ETag, LastModified } = await s3.send(command);
      const now = answeredAt();
      if (!Body || !ETag || !LastModified || now === undefined)
        throw new Error(`S3 answered without body, etag or date for ${key}`);
      const ageMs = Math.max(0, now - LastModified.getTime());
      return { value: parseJson(await Body.transformToString()), etag: ETag, ageMs };
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  async function exists(key: string, versionId?: string): Promise<boolean> {
    try {
      await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
      return true;
    } catch (error) {
      if (error instanceof NotFound) return false;
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
        if (isNamed(error, LOST_RACE)) return undefined;
        if (!isNamed(error, ['ConditionalRequestConflict'])) throw error;
        if (tries === CONFLICT_TRIES)
          throw new AwsUnavailableError(`S3 met a conflict ${tries} times at ${key}`, { cause: error });
      }
    }
  }

  return { exists, read, write };
}

const withDate = z.object({ headers: z.object({ date: z.string() }) });

/**
 * Reads the time at S3 from the `Date` header of its answer, in milliseconds since 1970. A function's own clock can
 * differ from S3's by minutes, so the two are never compared.
 */
function readServerClock(command: GetObjectCommand): () => number | undefined {
  let date: string | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const answered = await next(args);
      date = withDate.safeParse(answered.response).data?.headers.date;
      return answered;
    },
    { step: 'deserialize', priority: 'low', name: 'serverClock' },
  );
  return () => {
    const time = Date.parse(date ?? '');
    return Number.isNaN(time) ? undefined : time;
  };
}

/** 412: the condition does not hold. 404: the document to replace is gone. */
const LOST_RACE = ['PreconditionFailed', 'NoSuchKey'];

function isNamed(error: unknown, names: readonly string[]): boolean {
  return error instanceof S3ServiceException && names.includes(error.name);
}
