import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { jpeg, png, webp } from '../images.ts';
import { submittedRecord } from '../records.ts';
import { glb, glbOf } from './glb.ts';
import { type Changed, FOLDER, openStore, runId } from './storing.ts';

type Plain = { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown };
type Reply = Plain | ((response: ServerResponse, here: Here) => void);

interface Here {
  readonly origin: string;
  /** A server that nobody has business with. */
  readonly foreign: string;
  /** Rings the alarms of everything that waits too long. */
  readonly ring: () => void;
}

interface Case {
  readonly job?: Reply;
  /** The asset's answer, or what is put into a good one. */
  readonly asset?: Reply;
  readonly with?: Record<string, unknown> | ((here: Here) => Record<string, unknown>);
  readonly file?: Reply;
  /** `stored`, the code of a failure that ends the execution, or the name of an error that the machine retries. */
  readonly ends: string;
}

const RETRIED = [
  'AssetNotReadyError',
  'DownloadBrokenError',
  'ScenarioAccountError',
  'ScenarioBusyError',
  'ScenarioUnavailableError',
];
const MAX_ASSET_BYTES = 2_000_000;
const IDLE_MS = 30_000;
/** Of a reason, with the id of a file before it. Step Functions keeps causes of up to 32,768 characters. */
const MAX_CAUSE_LENGTH = 1_200;
const good = glb([8, 64]);

function send(response: ServerResponse, reply: Reply, here: Here): void {
  if (typeof reply === 'function') return reply(response, here);
  const { status = 200, headers, body = '' } = reply;
  response.writeHead(status, headers);
  response.end(typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body));
}

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function run({ job, asset, with: more = {}, file = { body: good } }: Case) {
  const strayed: string[] = [];
  const foreign = await listen((request, response) => {
    strayed.push(`${request.url}`);
    response.end(good);
  });
  const rings = new Set<() => void>();
  const here: Here = { origin: '', foreign, ring: () => [...rings].forEach((ring) => ring()) };
  const origin = await listen((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    const id = path.split('/').at(-1) ?? '';
    const at = { ...here, origin };
    if (path.startsWith('/files/')) return send(response, id === 'good' ? { body: good } : file, at);
    const done = { jobId: 'job_1', status: 'success', metadata: { assetIds: ['asset_1'] } };
    if (path.startsWith('/v1/jobs/')) return send(response, job ?? { body: { job: done } }, at);
    const extra = typeof more === 'function' ? more(at) : more;
    const known = { id, url: `${origin}/files/${id}`, ...(id === 'asset_1' && extra) };
    const isKnown = ['asset_1', 'good', 'preview_1'].includes(id);
    return send(response, (id === 'asset_1' && asset) || (isKnown ? { body: { asset: known } } : { status: 404 }), at);
  });
  const changed: Changed = {
    env: { MAX_ASSET_BYTES: String(MAX_ASSET_BYTES) },
    clients: {
      lookup: async (hostname) => {
        if (!hostname.endsWith('.scenario.com')) strayed.push(hostname);
        return [{ address: '127.0.0.1', family: 4 }];
      },
    },
    clock: {
      alarm: (ms, ring) => {
        if (ms === IDLE_MS) rings.add(ring);
        return { refresh: () => {}, close: () => void rings.delete(ring) };
      },
    },
  };
  const world = await openStore(`${origin}/v1`, changed);
  await world.begin(submittedRecord());
  const ended = await world.store().then(
    ({ status }) => ({ as: status as string, told: '' }),
    (error: Error) => ({ as: error.name, told: error.message }),
  );
  return { ...world, ended, strayed };
}

const jobBody = (job: Record<string, unknown>): Plain => ({
  body: { job: { jobId: 'job_1', status: 'success', metadata: { assetIds: ['asset_1'] }, ...job } },
});
const jobIds = (assetIds: unknown): Plain => jobBody({ metadata: { assetIds } });
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const text = (body: string): Plain => ({ body });
const UNREADABLE: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['null', 'null'],
  ['a list', '[]'],
  ['a word', '"success"'],
  ['a number', '1e400'],
  ['a page', '<!doctype html><script>alert(1)</script>'],
  ['half an object', '{"job":{"jobId":"job_1"'],
  ['an empty object', '{}'],
  ['nulls', '{"job":null,"asset":null}'],
  ['lists', '{"job":[],"asset":[]}'],
  ['empty objects', '{"job":{},"asset":{}}'],
  ['NaN', '{"job":{"jobId":"job_1","progress":NaN},"asset":{"id":"asset_1","x":NaN}}'],
  ['deep JSON', deep(100_000)],
  [
    'five megabytes',
    `{"job":{"jobId":"job_1","status":"success"},"asset":{"id":"asset_1","url":"/"},"x":"${'x'.repeat(5_000_000)}"}`,
  ],
  ['binary', '\0\u0001\u0002'],
];
const STATUSES: readonly (readonly [number, string])[] = [
  [204, 'ScenarioUnavailableError'],
  [400, 'DownloadBrokenError'],
  [401, 'ScenarioAccountError'],
  [402, 'ScenarioAccountError'],
  [403, 'ScenarioAccountError'],
  [404, 'AssetNotReadyError'],
  [409, 'ScenarioUnavailableError'],
  [413, 'DownloadBrokenError'],
  [418, 'ScenarioUnavailableError'],
  [429, 'ScenarioBusyError'],
  [500, 'ScenarioUnavailableError'],
  [503, 'ScenarioUnavailableError'],
];
const toForeign: Reply = (response, { foreign }) =>
  void response.writeHead(302, { location: `${foreign}/v1/asset_1` }).end();

const apiCases: Record<string, Case> = {
  ...Object.fromEntries(
    UNREADABLE.flatMap(([what, body]) => [
      [`a job that is ${what}`, { job: text(body), ends: 'ScenarioUnavailableError' }],
      [`an asset that is ${what}`, { asset: text(body), ends: 'ScenarioUnavailableError' }],
    ]),
  ),
  ...Object.fromEntries(
    STATUSES.flatMap(([status, ends]) => [
      [`a job answered ${status}`, { job: { status }, ends }],
      [`an asset answered ${status}`, { asset: { status }, ends }],
    ]),
  ),
  'a job that is redirected elsewhere': { job: toForeign, ends: 'ScenarioUnavailableError' },
  'an asset that is redirected elsewhere': { asset: toForeign, ends: 'ScenarioUnavailableError' },
  'a job that is cut': { job: (response) => response.destroy(), ends: 'ScenarioUnavailableError' },
  'a job id that is a number': { job: jobBody({ jobId: 1 }), ends: 'ScenarioUnavailableError' },
  'a job id that is a path': { job: jobBody({ jobId: '../../etc' }), ends: 'ScenarioUnavailableError' },
  'a job id that is a script': { job: jobBody({ jobId: '<script>' }), ends: 'ScenarioUnavailableError' },
  'a job id without an end': {
    job: jobBody({ jobId: 'j'.repeat(10_000) }),
    ends: 'ScenarioUnavailableError',
  },
  'a status in capitals': { job: jobBody({ status: 'SUCCESS' }), ends: 'stored' },
  'an unknown status': { job: jobBody({ status: 'ripe', metadata: {} }), ends: 'AssetNotReadyError' },
  'a status that is a number': { job: jobBody({ status: 1 }), ends: 'AssetNotReadyError' },
  'a status that is a list': { job: jobBody({ status: ['success'] }), ends: 'AssetNotReadyError' },
  'metadata that is null': { job: jobBody({ metadata: null }), ends: 'AssetNotReadyError' },
  'metadata that is a list': { job: jobBody({ metadata: [] }), ends: 'AssetNotReadyError' },
  'asset ids that are null': { job: jobIds(null), ends: 'AssetNotReadyError' },
  'asset ids that are a word': { job: jobIds('asset_1'), ends: 'stored' },
  'asset ids that are an object': { job: jobIds({ 0: 'asset_1' }), ends: 'AssetNotReadyError' },
  'asset ids that are numbers': { job: jobIds([1, 2]), ends: 'AssetNotReadyError' },
  'asset ids in a list in a list': { job: jobIds([['asset_1']]), ends: 'AssetNotReadyError' },
  'asset ids that are paths': { job: jobIds(['../../runs/x', '/etc/passwd', 'a/b', '..']), ends: 'AssetNotReadyError' },
  'asset ids that are scripts': {
    job: jobIds(['<script>alert(1)</script>', '${x}', "';--"]),
    ends: 'AssetNotReadyError',
  },
  'asset ids with other signs': { job: jobIds(['a\0b', 'a\r\nb', 'é', ' ', '']), ends: 'AssetNotReadyError' },
  'asset ids that are words of the language': {
    job: jobIds(['__proto__', 'constructor']),
    ends: 'AssetNotReadyError',
  },
  'a good asset id among bad ones': { job: jobIds([5, null, '../x', 'asset_1']), ends: 'stored' },
  'the same asset over and over': { job: jobIds(Array(400).fill('asset_1')), ends: 'stored' },
  '10,000 assets': {
    job: jobIds(Array.from({ length: 10_000 }, (_, n) => `asset_${n}`)),
    ends: 'too-many-assets',
  },
  'a deep echo of the input': {
    job: text(
      `{"job":{"jobId":"job_1","status":"success","metadata":{"assetIds":["asset_1"],"input":${deep(100_000)}}}}`,
    ),
    ends: 'stored',
  },
  'progress without measure': { job: jobBody({ progress: -1e308 }), ends: 'stored' },
  'progress that is a word': { job: jobBody({ progress: 'half' }), ends: 'stored' },
  'a charge below nothing': { job: jobBody({ billing: { cuCost: -75 } }), ends: 'stored' },
  'a charge that is a word': { job: jobBody({ billing: { cuCost: '75' } }), ends: 'stored' },
  'a charge beyond all': { job: jobBody({ billing: { cuCost: 1e308 } }), ends: 'stored' },
  'a bill that is a list': { job: jobBody({ billing: [75] }), ends: 'stored' },
  'dates that are none': {
    job: jobBody({ statusHistory: [{ status: 'success', date: 'yesterday' }] }),
    ends: 'stored',
  },
  'a date in a far year': {
    job: jobBody({ statusHistory: [{ status: 'success', date: '+275760-09-13T00:00:00.000Z' }] }),
    ends: 'stored',
  },
  'a history that is a word': { job: jobBody({ statusHistory: 'done' }), ends: 'stored' },
  'a failure with a megabyte of reasons': {
    job: jobBody({ status: 'failure', metadata: { error: 'x'.repeat(1_000_000) } }),
    ends: 'job-failed',
  },
  'a failure with a script for a reason': {
    job: jobBody({ status: 'failure', metadata: { error: '<script>alert(1)</script>\0\r\n', hint: {} } }),
    ends: 'job-failed',
  },
  'a failure without words': {
    job: jobBody({ status: 'failure', metadata: { error: 5 } }),
    ends: 'job-failed',
  },
  'a cancellation': { job: jobBody({ status: 'canceled' }), ends: 'job-canceled' },
};

const withUrl = (url: string): Case => ({ with: { url }, ends: 'DownloadBrokenError' });
const URLS = [
  '',
  'none',
  '//evil.example/a.glb',
  'javascript:alert(1)',
  'data:model/gltf-binary;base64,Z2xURg==',
  'file:///etc/passwd',
  'ftp://cdn.scenario.com/a.glb',
  'gopher://cdn.scenario.com/',
  'blob:https://cdn.scenario.com/1',
  'http://cdn.scenario.com/a.glb',
  'http://169.254.169.254/latest/meta-data/iam/',
  'http://[::1]/a.glb',
  'http://[::ffff:127.0.0.1]/a.glb',
  'https://127.0.0.1/a.glb',
  'https://2130706433/a.glb',
  'https://0x7f.1/a.glb',
  'https://localhost/a.glb',
  'https://scenario.com/a.glb',
  'https://cdn.scenario.com:8443/a.glb',
  'https://user:word@cdn.scenario.com/a.glb',
  'https://cdn.scenario.com@evil.example/a.glb',
  'https://cdn.scenario.com.evil.example/a.glb',
  'https://evilscenario.com/a.glb',
  'https://evil.example/.scenario.com',
  'https://evil.example#.scenario.com',
  'https://evil.example?.scenario.com',
  'https://cdn.scenario.com\\@evil.example/a.glb',
  'https://cdn.scenario.com./a.glb',
  'https://cdn.scenario.com/a name that leads inside.glb',
  `https://evil.example/${'x'.repeat(1_000_000)}`,
];

const assetCases: Record<string, Case> = {
  ...Object.fromEntries(URLS.map((url) => [`the address "${url.slice(0, 60)}"`, withUrl(url)])),
  'an address on another port': {
    with: ({ foreign }) => ({ url: `${foreign}/a` }),
    ends: 'DownloadBrokenError',
  },
  'an address with credentials': {
    with: ({ origin }) => ({ url: `${origin.replace('//', '//key:word@')}/files/good` }),
    ends: 'DownloadBrokenError',
  },
  'an original on another port': {
    with: ({ foreign }) => ({ originalFileUrl: `${foreign}/a` }),
    ends: 'stored',
  },
  'an address that is a number': { with: { url: 5 }, ends: 'ScenarioUnavailableError' },
  'an address that is null': { with: { url: null }, ends: 'ScenarioUnavailableError' },
  'an original that is a list': { with: { originalFileUrl: ['x'] }, ends: 'stored' },
  'an id that is a path': { with: { id: '../../x' }, ends: 'ScenarioUnavailableError' },
  ...Object.fromEntries(
    [-1, 0, 1.5, 1e308, '100', null, [], {}].map((size) => [
      `a size of ${JSON.stringify(size)}`,
      { with: { properties: { size } }, ends: 'stored' },
    ]),
  ),
  'a size that is a lie': { with: { properties: { size: 7 } }, ends: 'stored' },
  'a size beyond all': { with: { properties: { size: 9e15 } }, ends: 'download-broken' },
  'properties that are a word': { with: { properties: 'large' }, ends: 'stored' },
  'a broken asset': { with: { status: 'error' }, ends: 'DownloadBrokenError' },
  'an asset in the making': { with: { status: 'pending' }, ends: 'AssetNotReadyError' },
  'a status of an asset that is a number': { with: { status: 5 }, ends: 'stored' },
  'a source that is a path': { with: { source: '../../3d:texture' }, ends: 'stored' },
  'a source that is a number': { with: { source: 5 }, ends: 'stored' },
  'a name and a type that lie': {
    with: { name: '../../x.exe', mimeType: 'text/html', kind: 'audio' },
    ends: 'stored',
  },
  'a preview that is a word': { with: { preview: 'x', thumbnail: 5 }, ends: 'stored' },
  'a preview whose id is a path': { with: { preview: { assetId: '../../runs/x' } }, ends: 'stored' },
  'an unknown preview': { with: { preview: { assetId: 'gone' } }, ends: 'stored' },
  'a preview that is the model': { with: { preview: { assetId: 'asset_1' } }, ends: 'stored' },
  'a preview that is another model': { with: { preview: { assetId: 'good' } }, ends: 'stored' },
};

const file = (body: string | Uint8Array, ends: string, headers: Record<string, string> = {}): Case => ({
  file: { body, headers },
  ends,
});
const document = (more: Record<string, unknown>, ends = 'stored') =>
  file(glbOf({ asset: { version: '2.0' }, ...more }), ends);
const patched = (at: number, value: number) => {
  const bytes = Buffer.from(good);
  bytes.writeUInt32LE(value, at);
  return bytes;
};
const zip = Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(100), Buffer.from('PK\x05\x06'), Buffer.alloc(18)]);

const fileCases: Record<string, Case> = {
  'no bytes': file('', 'DownloadBrokenError'),
  'one byte': file('x', 'download-broken'),
  'a page': file('<!doctype html><p>Maintenance', 'download-broken'),
  'a page behind a byte order mark': file('\ufeff<html>', 'download-broken'),
  'an error in JSON': file('{"message":"no"}', 'download-broken'),
  'words in place of a model': {
    ...file('Service Unavailable', 'download-broken'),
    with: { kind: '3d' },
  },
  'noise in place of a model': file(Buffer.from([1, 2, 3, 0, 255, 0, 9]), 'no-model'),
  'a picture in place of a model': { file: { body: await png() }, ends: 'no-model' },
  'half a PNG': { file: { body: (await png()).subarray(0, -10) }, ends: 'download-broken' },
  'half a JPEG': { file: { body: (await jpeg()).subarray(0, -10) }, ends: 'download-broken' },
  'half a WebP': { file: { body: (await webp()).subarray(0, -10) }, ends: 'download-broken' },
  'an archive that is called GLB': file(zip, 'stored', { 'content-type': 'model/gltf-binary' }),
  'half an archive': file(zip.subarray(0, 60), 'download-broken'),
  'an FBX that is called a page': file('Kaydara FBX Binary  \0\x1a\0....', 'stored', {
    'content-type': 'text/html',
  }),
  'an OBJ that is called an image': file('v 0 0 0\nf 1 1 1\n', 'stored', { 'content-type': 'image/png' }),
  'a header that names a path': file(good, 'stored', {
    'content-disposition': 'attachment; filename="../../x"',
  }),
  'four bytes of a GLB': file('glTF', 'download-broken'),
  'eleven bytes of a GLB': file(good.subarray(0, 11), 'download-broken'),
  'only the header of a GLB': file(patched(8, 12).subarray(0, 12), 'download-broken'),
  'a GLB of version 1': file(patched(4, 1), 'download-broken'),
  'a GLB that says 0 bytes': file(patched(8, 0), 'download-broken'),
  'a GLB that says one more': file(patched(8, good.length + 1), 'download-broken'),
  'a GLB that says one less': file(patched(8, good.length - 1), 'stored'),
  'a GLB that says 4 GB': file(patched(8, 0xffffffff), 'download-broken'),
  'a chunk that says 4 GB': file(patched(12, 0xffffffff), 'download-broken'),
  'a chunk that says 0 bytes': file(patched(12, 0), 'download-broken'),
  'a GLB that begins with its binary': file(patched(16, 0x004e4942), 'download-broken'),
  'a GLB with more at its end': file(Buffer.concat([good, Buffer.alloc(4)]), 'stored'),
  ...Object.fromEntries(
    ['{', '[]', 'null', '"x"', '5', '', '<html>', '{"a":NaN}', '\0\0\0\0'].map((json) => [
      `a GLB whose JSON is ${JSON.stringify(json)}`,
      file(glbOf(json), 'download-broken'),
    ]),
  ),
  'a GLB with broken letters': file(
    Buffer.from(glbOf({ asset: { version: '2.0', generator: '????????' } })).fill(0xff, 50, 56),
    'stored',
  ),
  'a GLB of deep JSON': file(glbOf(`{"asset":{"version":"2.0"},"extras":${deep(200_000)}}`), 'stored'),
  'a GLB of many things': file(glbOf(`{"nodes":[${'{},'.repeat(150_000)}{}]}`), 'stored'),
  'a GLB of more JSON than is read': file(glbOf(`{"nodes":[${'{},'.repeat(500_000)}{}]}`), 'stored'),
  'nodes in a circle': document({ scenes: [{ nodes: [0] }], nodes: [{ children: [1] }, { children: [0] }] }),
  'a node that is its own child': document({ scenes: [{ nodes: [0] }], nodes: [{ children: [0, 0, 0] }] }),
  'children that are not there': document({
    scenes: [{ nodes: [9, -1, 1e9, 0.5] }],
    nodes: [{ children: [7] }],
  }),
  'a scene that is not there': document({ scene: 99, scenes: 'none' }),
  'a matrix of three': document({ scenes: [{ nodes: [0] }], nodes: [{ matrix: [1, 2, 3], scale: ['x'] }] }),
  'counts beyond all': document({
    meshes: [
      {
        primitives: [{ attributes: { POSITION: 0 } }, { attributes: { POSITION: 1 } }, { attributes: { POSITION: 1 } }],
      },
    ],
    accessors: [{ count: 1e300 }, { count: 9007199254740991 }],
  }),
  'counts below nothing': document({
    meshes: [{ primitives: [{ mode: 5, indices: -4, attributes: { POSITION: 0 } }] }],
    accessors: [{ count: -3, min: ['a'], max: null }],
  }),
  'a box without end': file(
    glbOf(
      '{"asset":{"version":"2.0"},"scenes":[{"nodes":[0]}],"nodes":[{"mesh":0,"scale":[1e308,1e308,1]}],"meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],"accessors":[{"componentType":5126,"min":[-1e308,0,0],"max":[1e308,1e308,0],"count":3}]}',
    ),
    'stored',
  ),
  'a box of numbers that are none': file(
    glbOf('{"asset":{"version":"2.0"},"accessors":[{"min":[-1e999,0,0],"max":[0,0,1e999],"count":3}]}'),
    'stored',
  ),
  'images that are not there': document({
    images: [{ bufferView: 0 }, { bufferView: 9 }, {}, null, 5],
    bufferViews: [{ byteOffset: 1e15, byteLength: 1e15 }],
  }),
  '10,000 images': document({
    images: Array.from({ length: 10_000 }, () => ({ bufferView: 0 })),
    bufferViews: [{ byteLength: 1_000_000_000 }],
  }),
  'words where lists should be': document({
    nodes: 'x',
    meshes: 5,
    materials: {},
    images: null,
    accessors: 'y',
  }),
  'a generator of 100,000 letters': file(
    glbOf({ asset: { version: '2.0', generator: 'x'.repeat(100_000) } }),
    'stored',
  ),
  'names of the language in a GLB': file(glbOf('{"__proto__":{"nodes":1},"asset":{"constructor":1}}'), 'stored'),
};

const redirect = (location: string | ((here: Here) => string)): Case => ({
  file: (response, here) => {
    const to = typeof location === 'string' ? location : location(here);
    response.writeHead(302, { location: to }).end();
  },
  ends: 'DownloadBrokenError',
});
const answered = (status: number): Case => ({ file: { status, body: good }, ends: 'DownloadBrokenError' });
const standsStill = (begin: (response: ServerResponse) => void): Case => ({
  file: (response, { ring }) => {
    begin(response);
    setImmediate(ring);
  },
  ends: 'DownloadBrokenError',
});
const endless =
  (headers: Record<string, string>, first: Uint8Array): Reply =>
  (response) => {
    response.writeHead(200, headers);
    response.write(first);
    const piece = Buffer.alloc(65_536);
    const more = () => {
      while (!response.destroyed && response.write(piece));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };

const transferCases: Record<string, Case> = {
  ...Object.fromEntries(
    [204, 206, 300, 304, 400, 403, 404, 416, 429, 500, 503].map((status) => [
      `a file answered ${status}`,
      answered(status),
    ]),
  ),
  'a redirect to another port': redirect(({ foreign }) => `${foreign}/a.glb`),
  'a redirect to another host': redirect('https://evil.example/a.glb'),
  'a redirect to another scheme': redirect('file:///etc/passwd'),
  'a redirect to plain http': redirect('http://cdn.scenario.com/a.glb'),
  'a redirect to a script': redirect('javascript:alert(1)'),
  'a redirect to data': redirect('data:,glTF'),
  'a redirect to a private address': redirect('http://169.254.169.254/latest/meta-data/'),
  'a redirect to a name that leads inside': redirect('https://cdn.scenario.com/a.glb'),
  'a redirect with credentials': redirect('https://key:word@cdn.scenario.com/a.glb'),
  'a redirect to itself': redirect('/files/asset_1'),
  'a redirect to nowhere': redirect('http://'),
  'a redirect to a good file': { ...redirect('/files/good'), ends: 'stored' },
  'a redirect without an address': answered(302),
  'a file that is cut': {
    file: (response) => {
      response.writeHead(200, { 'content-length': '999' });
      response.write(good, () => response.destroy());
    },
    ends: 'DownloadBrokenError',
  },
  'a connection that is reset': { file: (response) => response.destroy(), ends: 'DownloadBrokenError' },
  'something else than HTTP': {
    file: (response) => response.socket?.end('SSH-2.0-OpenSSH\r\n'),
    ends: 'DownloadBrokenError',
  },
  'headers without an end': {
    file: { body: good, headers: { 'x-long': 'x'.repeat(100_000) } },
    ends: 'DownloadBrokenError',
  },
  'a file that is packed': file(gzipSync(good), 'stored', { 'content-encoding': 'gzip' }),
  'a file that says it is packed': file(good, 'DownloadBrokenError', { 'content-encoding': 'gzip' }),
  'half a packed file': file(gzipSync(good).subarray(0, 20), 'DownloadBrokenError', {
    'content-encoding': 'gzip',
  }),
  'an unknown packing': file(good, 'stored', { 'content-encoding': '../../zip' }),
  'a small file that unpacks to a large one': file(gzipSync(glb([8, 4 * MAX_ASSET_BYTES])), 'download-broken', {
    'content-encoding': 'gzip',
  }),
  'a body without end': { file: endless({}, good), ends: 'download-broken' },
  'a body of noise without end': { file: endless({}, Buffer.from('noise')), ends: 'download-broken' },
  'a body that says it has no end': {
    file: endless({ 'content-length': '9999999999999' }, good),
    ends: 'download-broken',
  },
  silence: standsStill(() => {}),
  'silence after the headers': standsStill((response) => response.writeHead(200).flushHeaders()),
  'silence in the middle': standsStill((response) => void response.writeHead(200).write(good.subarray(0, 30))),
  'a byte now and then': standsStill((response) => {
    response.writeHead(200);
    for (const byte of good.subarray(0, 40)) response.write(Buffer.of(byte));
  }),
};

const all = Object.entries({ ...apiCases, ...assetCases, ...fileCases, ...transferCases });

describe(`${all.length} hostile answers: none crashes, strays or is taken for something else`, () => {
  it.each(all)('%s', async (_, hostile) => {
    const { ended, strayed, s3, submitted, manifest, hasManifest, events } = await run(hostile);

    expect(strayed).toEqual([]);
    expect(
      s3
        .keys()
        .filter(
          (key) =>
            key !== 'control/jobs.json' &&
            !key.startsWith(FOLDER) &&
            key !== `runs/${runId}.json` &&
            !key.startsWith('results/'),
        ),
    ).toEqual([]);
    expect(ended.as).toBe(hostile.ends);
    expect(ended.told.length).toBeLessThanOrEqual(MAX_CAUSE_LENGTH);
    if (hostile.ends === 'stored') {
      const { status, assets } = await manifest();
      expect(status).toBe('stored');
      expect(assets.map(({ role }) => role)).toContain('model');
      expect(events).toHaveLength(1);
      expect(JSON.stringify(await manifest()).length).toBeLessThan(50_000);
      return;
    }
    // Whatever fails, the report of the execution's end concludes it, from this record.
    const record = await submitted();
    expect(hasManifest()).toBe(false);
    expect(events).toEqual([]);
    expect(JSON.stringify(record).length).toBeLessThan(50_000);
    if (RETRIED.includes(hostile.ends)) expect(record).not.toHaveProperty('assets');
    else expect(record).toHaveProperty('assets');
  });
});

it.each([
  ['a bitmap without numbers', 'P1 x y '],
  ['an image of negative size', 'P7\nWIDTH -5\nHEIGHT -5\n'],
  ['an SVG of infinite size', '<svg width="9e999" height="9e999"></svg>'],
])('a model whose texture is %s is stored', async (_, head) => {
  const bin = Buffer.from(head.padEnd(64));
  const document = {
    asset: { version: '2.0' },
    images: [{ bufferView: 0 }],
    bufferViews: [{ buffer: 0, byteLength: bin.length }],
    buffers: [{ byteLength: bin.length }],
  };

  const { ended } = await run({ file: { body: glbOf(document, bin) }, ends: 'stored' });

  expect(ended.as).toBe('stored');
});
