import type { Blob } from './blob-folder.ts';
import type { Checksum } from './checksum.ts';
import { S3Error } from '../s3-error.ts';
import type { Description } from '../stored-version.ts';

export interface UploadOptions extends Description {
  /** The kind of checksum that the whole object gets. */
  readonly checksum?: Pick<Checksum, 'algorithm' | 'type'>;
}

export interface Part {
  readonly number: number;
  readonly blob: Blob;
  readonly etag: string;
  readonly checksum?: Pick<Checksum, 'algorithm' | 'value'>;
  readonly lastModified: Date;
}

/** Identifies an upload. All three fields must match. */
export interface UploadName {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
}

export interface Upload extends Omit<UploadName, 'uploadId'> {
  readonly options: UploadOptions;
  readonly parts: ReadonlyMap<number, Part>;
}

/** The minimum size in S3 of every part except the last. */
const MIN_PART_BYTES = 5 * 1024 * 1024;

/** A part that the client lists when it completes the upload. */
export interface ListedPart {
  readonly number: number;
  /** With or without quotes. */
  readonly etag: string;
  readonly checksum?: string | undefined;
}

/** @throws S3Error InvalidPart, InvalidPartOrder, EntityTooSmall, MalformedXML if no part is listed */
export function choosePartsOf({ parts, options }: Upload, listed: readonly ListedPart[]): Part[] {
  if (listed.length === 0) throw new S3Error('MalformedXML', 'You must specify at least one part');
  if (listed.some(({ number }, position) => number <= (listed[position - 1]?.number ?? 0)))
    throw new S3Error('InvalidPartOrder', 'The list of parts was not in ascending order.');
  const chosen = listed.map((part) => requirePart(parts.get(part.number), part, options.checksum?.algorithm));
  const small = chosen.slice(0, -1).find(({ blob }) => blob.size < MIN_PART_BYTES);
  if (small) throw new S3Error('EntityTooSmall', `Part ${small.number} is smaller than the minimum allowed size`);
  return chosen;
}

function requirePart(part: Part | undefined, listed: ListedPart, algorithm: string | undefined): Part {
  const isSame = part && listed.etag.replaceAll('"', '') === part.etag;
  const isChecked =
    listed.checksum === undefined || algorithm === undefined || listed.checksum === part?.checksum?.value;
  if (isSame && isChecked) return part;
  throw new S3Error('InvalidPart', `Part ${listed.number} was not uploaded, or its ETag or checksum is different.`);
}
