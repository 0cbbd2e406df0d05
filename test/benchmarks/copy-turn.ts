import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { systemClock } from '../../functions/platform/clock.ts';
import { httpGet } from '../../functions/store-assets/http-get.ts';
import { createValidate, type Validate } from '../../functions/store-assets/validate-glb.ts';
import { storeFile } from '../../functions/store-assets/store-file.ts';
import { skipPartSignatures } from '../../functions/store-assets/unsigned-parts.ts';

/**
 * A process of the bench `copy`: the host of a file and S3, or one copy between them, with the code of the function or
 * with a bare pipe. The host generates the bytes, and S3 discards them, so the difference is the work of Meshdrop.
 */
const CHUNK = Buffer.alloc(96 * 1024, 7);
const FLOAT = CHUNK.readFloatLE();
const POINT_BYTES = 12;
const [PART_BYTES, PARTS_AT_ONCE] = [5 * 1024 * 1024, 2];

/** The share of a generated model that is geometry. The rest is its textures, which the validator hardly reads. */
const GEOMETRY = 0.4;

/** Yields a valid GLB: a header, its JSON, identical points, and bytes that stand for textures. */
function* glbOfSize(chunks: number): Generator<Buffer> {
  const binaryBytes = chunks * CHUNK.length;
  const pointBytes = Math.ceil(chunks * GEOMETRY) * CHUNK.length;
  const corner = [FLOAT, FLOAT, FLOAT];
  const points = { bufferView: 0, componentType: 5126, type: 'VEC3', min: corner, max: corner };
  const json = JSON.stringify({
    asset: { version: '2.0' },
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0 }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
    accessors: [{ ...points, count: pointBytes / POINT_BYTES }],
    bufferViews: [
      { buffer: 0, byteLength: pointBytes },
      { buffer: 0, byteOffset: pointBytes, byteLength: binaryBytes - pointBytes },
    ],
    buffers: [{ byteLength: binaryBytes }],
  });
  const document = Buffer.from(json.padEnd(Math.ceil(json.length / 4) * 4));
  const head = Buffer.alloc(20 + document.length + 8);
  head.write('glTF');
  head.writeUInt32LE(2, 4);
  head.writeUInt32LE(head.length + binaryBytes, 8);
  head.writeUInt32LE(document.length, 12);
  head.write('JSON', 16);
  document.copy(head, 20);
  head.writeUInt32LE(binaryBytes, head.length - 8);
  head.write('BIN\0', head.length - 4);
  yield head;
  for (let n = 0; n < chunks; n += 1) yield CHUNK;
}

/** Runs the file host and S3 in one process. */
async function serve(bytes: number): Promise<void> {
  const chunks = Math.floor(bytes / CHUNK.length);
  const [head] = glbOfSize(chunks);
  const length = chunks * CHUNK.length + (head?.length ?? 0);
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      response.setHeader('content-length', length);
      void pipeline(Readable.from(glbOfSize(chunks)), response).catch(() => {});
      return;
    }
    request.resume().on('end', () => {
      response.setHeader('etag', '"part"');
      const answer = request.method === 'POST' ? '<R><UploadId>u</UploadId><ETag>"e"</ETag></R>' : '';
      response.end(answer);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function s3At(endpoint: string): S3Client {
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
}

async function bare(origin: string): Promise<void> {
  const { body } = await fetch(`${origin}/v1/file`);
  if (!body) throw new Error('no body');
  const params = { Bucket: 'assets', Key: 'bare.glb', Body: Readable.fromWeb(body) };
  await new Upload({ client: s3At(origin), params, partSize: PART_BYTES, queueSize: PARTS_AT_ONCE }).done();
}

const REQUESTS_MS = 400;

/** While it loads, StoreAssets asks Scenario for the job and for its files. */
async function loadedValidator(): Promise<Validate> {
  const validate = createValidate(systemClock);
  validate.prepare?.();
  await sleep(REQUESTS_MS);
  return validate;
}

async function ours(origin: string, validate: Validate): Promise<boolean> {
  const place = () => ({ role: 'model', key: 'ours.glb' }) as const;
  const url = `${origin}/v1/file`;
  const unsaid = { bytes: undefined, preview: undefined, origins: [] as string[] };
  const asset = {
    assetId: 'asset_1',
    urls: [url] as string[],
    isImage: false,
    status: 'success',
    is3d: true,
    ...unsaid,
  } as const;
  const stored = await storeFile(
    { runId: 'run', assetId: 'asset_1', place, suspects: new Set() },
    { tries: 0, totalMs: 600_000 },
    {
      scenario: { asset: async () => asset, assets: async () => [asset] },
      lookUp: async () => asset,
      s3: skipPartSignatures(s3At(origin)),
      assetBucket: 'assets',
      maxAssetBytes: 4_000_000_000,
      glbErrors: 'report',
      network: { apiUrl: `${origin}/v1`, get: httpGet, lookup: async () => [], resultHosts: [], clock: systemClock },
      validate,
    },
  );
  return stored.asset.validation?.errors === 0;
}

async function measured(work: () => Promise<boolean | void>): Promise<void> {
  const from = performance.now();
  const validated = (await work()) === true;
  const seconds = (performance.now() - from) / 1000;
  const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  const peakMegabytes = Math.round((Number(kilobytes) * 1024) / 1_000_000);
  process.stdout.write(JSON.stringify({ seconds, peakMegabytes, validated }));
}

const [mode, given = ''] = process.argv.slice(2);
if (mode === 'serve') await serve(Number(given));
if (mode === 'bare') await measured(() => bare(given));
if (mode === 'ours') {
  const validate = await loadedValidator();
  await measured(() => ours(given, validate));
}
