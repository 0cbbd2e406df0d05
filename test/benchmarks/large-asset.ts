import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { systemClock } from '../../functions/platform/clock.ts';
import { httpGet } from '../../functions/store-assets/http-get.ts';
import { createValidate } from '../../functions/store-assets/validate-glb.ts';
import { storeFile } from '../../functions/store-assets/store-file.ts';
import { skipPartSignatures } from '../../functions/store-assets/unsigned-parts.ts';

/**
 * Copies one large GLB with the code of the function and with a bare pipe, in turns and in separate processes, from a
 * host that generates the bytes to an S3 that discards them. The difference is the work of Meshdrop.
 */
const CHUNK = Buffer.alloc(96 * 1024, 7);
const FLOAT = CHUNK.readFloatLE();
const POINT_BYTES = 12;
const [PART_BYTES, PARTS_AT_ONCE] = [5 * 1024 * 1024, 2];

/** Yields a valid GLB: a header, its JSON, and chunks of identical points. */
function* glbOfSize(chunks: number): Generator<Buffer> {
  const binaryBytes = chunks * CHUNK.length;
  const corner = [FLOAT, FLOAT, FLOAT];
  const points = { bufferView: 0, componentType: 5126, type: 'VEC3', min: corner, max: corner };
  const json = JSON.stringify({
    asset: { version: '2.0' },
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0 }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
    accessors: [{ ...points, count: binaryBytes / POINT_BYTES }],
    bufferViews: [{ buffer: 0, byteLength: binaryBytes }],
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
async function serve(chunks: number): Promise<void> {
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
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

async function ours(origin: string): Promise<boolean> {
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
      validate: createValidate(systemClock),
    },
  );
  return stored.asset.validation?.errors === 0;
}

interface Turn {
  readonly seconds: number;
  readonly peakMegabytes: number;
  readonly validated: boolean;
}

function turn(mode: 'bare' | 'ours', origin: string): Turn {
  return JSON.parse(execFileSync(process.execPath, [import.meta.filename, mode, origin], { encoding: 'utf8' })) as Turn;
}

async function serving(bytes: number): Promise<{ child: ChildProcess; origin: string }> {
  const child = fork(import.meta.filename, ['serve', String(Math.floor(bytes / CHUNK.length))]);
  const [origin] = (await once(child, 'message')) as [string];
  return { child, origin };
}

/** Returns the peak memory of a copy of this size. */
export async function copyMemory(bytes: number): Promise<string> {
  const { child, origin } = await serving(bytes);
  const { peakMegabytes, validated } = turn('ours', origin);
  child.kill();
  return `${peakMegabytes} MB${validated ? ', including the Khronos validator' : ''}`;
}

/** Compares the speed with the bare pipe, by the best of several turns each, and returns the peak memory. */
export async function copyLarge(bytes: number, turns = 5): Promise<string> {
  const { child, origin } = await serving(bytes);
  const [pipe, own]: [Turn[], Turn[]] = [[], []];
  for (let n = 0; n < turns; n += 1) {
    pipe.push(turn('bare', origin));
    own.push(turn('ours', origin));
  }
  child.kill();
  const best = (of: readonly Turn[]) => Math.min(...of.map(({ seconds }) => seconds));
  const peak = Math.max(...own.map(({ peakMegabytes }) => peakMegabytes));
  return `${peak} MB, ${(best(pipe) / best(own)).toFixed(2)} times the speed of a bare pipe (${best(own).toFixed(1)} s)`;
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
if (process.argv[1] === import.meta.filename) {
  if (mode === 'serve') await serve(Number(given));
  if (mode === 'bare') await measured(() => bare(given));
  if (mode === 'ours') await measured(() => ours(given));
}
