import { bytesOf, json, Refusal, type Reply, xmlError } from '../answer.ts';
import { type Call, objectIn, refuseUnknown, requiredInteger, requiredString } from '../call.ts';
import { imageFactsOf } from './images.ts';
import { AUTHOR_ID, OWNER_ID } from '../jobs/jobs.ts';
import { statusAt } from '../jobs/ledger.ts';
import type { AssetRecord, UploadRecord } from '../records.ts';
import type { World } from '../world.ts';

const KINDS = ['3d', 'asset', 'audio', 'avatar', 'image', 'model', 'text', 'video'];
/** The minimum part size in S3. The last part can be smaller. */
const LEAST_PART_BYTES = 5 * 1024 * 1024;
/** Enough for any image. The stand-in keeps a part in memory. */
const MOST_PART_BYTES = 64 * 1024 * 1024;
const MOST_BYTES = 5 * 1024 ** 4;

/** `POST /uploads`: returns a signed URL for each part. */
export async function createUpload(call: Call, world: World): Promise<Reply> {
  const body = await objectIn(call, world.settings.options().bodyLimitBytes);
  if (body['url'] !== undefined) {
    throw new Refusal(
      400,
      'the stand-in does not support uploads from a URL, because the behavior of Scenario is unknown',
    );
  }
  refuseUnknown(body, ['fileName', 'contentType', 'fileSize', 'kind', 'parts', 'assetOptions']);
  const kind = requiredString(body, 'kind');
  if (!KINDS.includes(kind)) throw new Refusal(400, `"kind" must be one of [${KINDS.join(', ')}]`);
  const now = world.now();
  const upload: UploadRecord = {
    id: world.newId('upload'),
    jobId: world.newId('job'),
    createdAt: now,
    fileName: requiredString(body, 'fileName'),
    contentType: requiredString(body, 'contentType'),
    fileSize: requiredInteger(body, 'fileSize', 1, MOST_BYTES),
    kind,
    parts: requiredInteger(body, 'parts', 1, 10_000),
    steps: [{ status: 'pending', at: now }],
  };
  await Promise.all([world.uploads.put(upload), world.jobs.put(jobOf(upload, world))]);
  return json(200, { upload: { ...uploadView(upload, world), parts: partsOf(upload, world) } });
}

function partsOf(upload: UploadRecord, world: World) {
  const expiresAt = world.now() + world.settings.options().partUrlSeconds * 1000;
  return Array.from({ length: upload.parts }, (_, i) => {
    const path = `/upload-parts/${upload.id}/${i + 1}`;
    const expires = Math.floor(expiresAt);
    const signature = world.signer.signature(`${path} ${expires}`);
    return {
      number: i + 1,
      url: `${world.origin()}${path}?partNumber=${i + 1}&Expires=${expires}&X-Amz-Signature=${signature}`,
      expires: world.date(expiresAt),
    };
  });
}

/** `PUT` of one part by the rules of S3: a length is required, and credentials and unsigned headers are not allowed. */
export async function putPart(call: Call, world: World): Promise<Reply> {
  const { uploadId = '', number = '' } = call.params;
  const expires = Number(call.query.get('Expires'));
  const signature = world.signer.signature(`/upload-parts/${uploadId}/${number} ${expires}`);
  const unsigned = Object.keys(call.headers).filter((name) => name.startsWith('x-amz-'));
  const { authorization, 'transfer-encoding': encoding } = call.headers;
  if (authorization !== undefined) {
    world.tally.leakedCredentials += 1;
    return xmlError(400, 'InvalidArgument', 'Only one auth mechanism allowed');
  }
  if (call.query.get('X-Amz-Signature') !== signature) {
    return xmlError(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match');
  }
  if (world.now() >= expires) return xmlError(403, 'AccessDenied', 'Request has expired');
  if (unsigned.length > 0) {
    const names = `<HeadersNotSigned>${unsigned.join(', ')}</HeadersNotSigned>`;
    return xmlError(403, 'AccessDenied', 'There were headers present which were not signed', names);
  }
  if (encoding !== undefined) return xmlError(501, 'NotImplemented', 'Transfer-Encoding is not implemented');
  const bytes = await bytesOf(call.body, MOST_PART_BYTES);
  if (bytes === undefined) return xmlError(400, 'EntityTooLarge', 'The part is too large');
  await world.store.saveFile(partFile(uploadId, Number(number)), bytes);
  return {
    status: 200,
    headers: { etag: `"${uploadId}-${number}"`, 'content-length': '0' },
    body: Buffer.alloc(0),
  };
}

function partFile(uploadId: string, number: number): string {
  return `${uploadId}-part-${number}`;
}

/** `POST /uploads/{uploadId}/action`: joins the parts and checks the file. */
export async function completeUpload(call: Call, world: World): Promise<Reply> {
  const upload = findUpload(call, world);
  const body = await objectIn(call, world.settings.options().bodyLimitBytes);
  refuseUnknown(body, ['action']);
  if (requiredString(body, 'action') !== 'complete') throw new Refusal(400, '"action" must be [complete]');
  // A client repeats the call after a lost answer. It still creates only one asset.
  if (upload.steps.length > 1) return json(200, { upload: uploadView(upload, world) });
  const completed = await imported(upload, world);
  await Promise.all([world.uploads.put(completed), world.jobs.put(jobOf(completed, world))]);
  return json(200, { upload: uploadView(completed, world) });
}

async function imported(upload: UploadRecord, world: World): Promise<UploadRecord> {
  const now = world.now();
  const fault = world.settings.faults().take('upload', 'completeUpload');
  const lastsMs = world.settings.options().uploadImportSeconds * 1000;
  const validating = [...upload.steps, { status: 'validating', at: now }];
  if (fault?.what === 'upload-stuck') return { ...upload, steps: validating };
  const parts = await readParts(upload, world);
  const facts = await imageFactsOf(Buffer.concat(parts));
  const errorMessage =
    fault?.errorMessage ??
    objectionTo(upload, parts) ??
    (upload.kind === 'image' && facts === undefined ? 'Unhandled image format' : undefined);
  if (errorMessage !== undefined) {
    return { ...upload, steps: [...validating, { status: 'failed', at: now + lastsMs }], errorMessage };
  }
  const asset: AssetRecord = {
    id: world.newId('asset'),
    kind: upload.kind,
    mimeType: facts?.mimeType ?? upload.contentType,
    extension: facts?.extension ?? 'bin',
    source: 'uploaded',
    name: upload.fileName,
    createdAt: now + lastsMs,
    existsFrom: now + lastsMs,
    readyFrom: now + lastsMs,
    uploaded: { size: upload.fileSize, ...(facts && { width: facts.width, height: facts.height }) },
  };
  await world.store.saveFile(asset.id, Buffer.concat(parts));
  await world.assets.put(asset);
  const steps = [
    ...validating,
    { status: 'validated', at: now + lastsMs / 2 },
    { status: 'imported', at: now + lastsMs },
  ];
  return { ...upload, steps, entityId: asset.id };
}

async function readParts(upload: UploadRecord, world: World): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for (let number = 1; number <= upload.parts; number++) {
    // A part that was never uploaded doesn't exist.
    const part = await world.store.readFile(partFile(upload.id, number)).catch(() => undefined);
    if (part !== undefined) parts.push(part);
  }
  return parts;
}

function objectionTo(upload: UploadRecord, parts: readonly Uint8Array[]): string | undefined {
  if (parts.length !== upload.parts) return `${upload.parts - parts.length} of ${upload.parts} parts are missing`;
  if (parts.slice(0, -1).some((part) => part.byteLength < LEAST_PART_BYTES)) {
    return 'EntityTooSmall: all parts but the last must have at least 5 MB';
  }
  const size = parts.reduce((sum, part) => sum + part.byteLength, 0);
  return size === upload.fileSize
    ? undefined
    : `the file has ${size} bytes instead of the announced ${upload.fileSize}`;
}

/** `GET /uploads/{uploadId}` */
export async function getUpload(call: Call, world: World): Promise<Reply> {
  return json(200, { upload: uploadView(findUpload(call, world), world) });
}

function findUpload(call: Call, world: World): UploadRecord {
  const id = call.params['uploadId'] ?? '';
  const upload = world.uploads.get(id);
  if (upload === undefined) throw new Refusal(404, `Upload ${id} not found`);
  return upload;
}

function uploadView(upload: UploadRecord, world: World) {
  const status = statusAt(upload, world.now());
  return {
    id: upload.id,
    status,
    source: 'multipart',
    kind: upload.kind,
    fileName: upload.fileName,
    originalFileName: upload.fileName,
    contentType: upload.contentType,
    fileSize: upload.fileSize,
    partsCount: upload.parts,
    jobId: upload.jobId,
    ...(status === 'imported' && { entityId: upload.entityId }),
    ...(status === 'failed' && { entityId: null, errorMessage: upload.errorMessage }),
    ownerId: OWNER_ID,
    authorId: AUTHOR_ID,
    createdAt: world.date(upload.createdAt),
    updatedAt: world.date(upload.steps.findLast((step) => step.at <= world.now())?.at ?? upload.createdAt),
  };
}

const JOB_STATUS: Readonly<Record<string, string>> = {
  pending: 'pending',
  validating: 'in-progress',
  validated: 'finalizing',
  imported: 'success',
  failed: 'failure',
};

/** Returns the job of an upload, which is free. */
function jobOf(upload: UploadRecord, world: World) {
  return {
    id: upload.jobId,
    number: world.jobs.get(upload.jobId)?.number ?? world.jobs.all().length + 1,
    type: 'upload' as const,
    createdAt: upload.createdAt,
    steps: upload.steps.map(({ status, at }) => ({ status: JOB_STATUS[status] ?? status, at })),
    cu: 0,
    assetIds: upload.entityId === undefined ? [] : [upload.entityId],
    ...(upload.entityId !== undefined && { entityId: upload.entityId }),
    ...(upload.errorMessage !== undefined && { error: upload.errorMessage }),
    isRefundable: true,
  };
}
