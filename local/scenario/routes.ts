import type { Reply } from './answer.ts';
import { bulkAssets, createAsset, deleteAssets, downloadAsset, getAsset } from './files/assets.ts';
import type { Call } from './call.ts';
import { cdnFile, thumbnail } from './files/cdn.ts';
import type { Operation } from './moods/faults.ts';
import { dryRun, generate } from './jobs/generate.ts';
import { listJobs } from './jobs/job-list.ts';
import { getJob, jobAction } from './jobs/jobs.ts';
import { getModel } from './jobs/models.ts';
import { completeUpload, createUpload, getUpload, putPart } from './files/uploads.ts';
import type { World } from './world.ts';

interface Route {
  readonly method: string;
  /** `:name` matches one segment. */
  readonly pattern: string;
  readonly operation: Operation;
  readonly run: (call: Call, world: World) => Promise<Reply>;
}

const ROUTES: readonly Route[] = [
  { method: 'POST', pattern: '/v1/assets', operation: 'createAsset', run: createAsset },
  { method: 'DELETE', pattern: '/v1/assets', operation: 'deleteAssets', run: deleteAssets },
  { method: 'POST', pattern: '/v1/assets/get-bulk', operation: 'bulkAssets', run: bulkAssets },
  { method: 'GET', pattern: '/v1/assets/:assetId', operation: 'getAsset', run: getAsset },
  { method: 'POST', pattern: '/v1/assets/:assetId/download', operation: 'downloadAsset', run: downloadAsset },
  { method: 'POST', pattern: '/v1/uploads', operation: 'createUpload', run: createUpload },
  { method: 'GET', pattern: '/v1/uploads/:uploadId', operation: 'getUpload', run: getUpload },
  {
    method: 'POST',
    pattern: '/v1/uploads/:uploadId/action',
    operation: 'completeUpload',
    run: completeUpload,
  },
  { method: 'POST', pattern: '/v1/generate/custom/:modelId', operation: 'generate', run: generate },
  { method: 'GET', pattern: '/v1/jobs', operation: 'listJobs', run: listJobs },
  { method: 'GET', pattern: '/v1/jobs/:jobId', operation: 'getJob', run: getJob },
  { method: 'POST', pattern: '/v1/jobs/:jobId/action', operation: 'jobAction', run: jobAction },
  { method: 'GET', pattern: '/v1/models/:modelId', operation: 'getModel', run: getModel },
  { method: 'PUT', pattern: '/upload-parts/:uploadId/:number', operation: 'putPart', run: putPart },
  { method: 'GET', pattern: '/cdn/assets/:file', operation: 'cdn', run: cdnFile },
  { method: 'GET', pattern: '/cdn/moved/:file', operation: 'cdn', run: cdnMoved },
  { method: 'GET', pattern: '/cdn/thumbnails/:assetId', operation: 'thumbnail', run: thumbnail },
];

/** The target of redirected downloads. */
function cdnMoved(call: Call, world: World): Promise<Reply> {
  return cdnFile({ ...call, params: { ...call.params, hop: 'moved' } }, world);
}

/** Returns the route of a request with its path parameters, or undefined if there is none. */
export function routeFor(method: string, path: string, query: URLSearchParams) {
  for (const route of ROUTES) {
    const params = route.method === method ? matched(route.pattern, path) : undefined;
    if (params === undefined) continue;
    // Only this spelling in the query starts a dry run. `dryRun` in the body would start a paid job.
    if (route.operation === 'generate' && query.get('dryRun') === 'true') {
      return { operation: 'dryRun' as const, run: dryRun, params };
    }
    return { operation: route.operation, run: route.run, params };
  }
  return undefined;
}

function matched(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, segment] of wanted.entries()) {
    const value = given[i] ?? '';
    if (!segment.startsWith(':')) {
      if (segment !== value) return undefined;
    } else if (value === '') {
      return undefined;
    } else {
      params[segment.slice(1)] = value;
    }
  }
  return params;
}
