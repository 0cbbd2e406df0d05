import { isFromForeignPage } from '../http/foreign-page.ts';
import { bytesOf, json, type ApiRequest, type Reply } from './answer.ts';
import type { Ledger } from './jobs/ledger.ts';
import { BadOptionError, KNOBS } from './moods/options.ts';
import type { World } from './world.ts';

const MAX_PATCH_BYTES = 1_000_000;

/** `/_control`: controls the stand-in. For testers, not for clients. */
export async function control(request: ApiRequest, world: World, ledger: () => Ledger): Promise<Reply> {
  if (isFromForeignPage(request.method, request.headers))
    return json(403, { message: 'requests from pages of other servers are not allowed' });
  if (request.path === '/_control/ledger' && request.method === 'GET') return json(200, ledger());
  if (request.path === '/_control' && request.method === 'GET') return json(200, world.settings.options());
  if (request.path === '/_control/knobs' && request.method === 'GET') return json(200, KNOBS);
  if (request.path === '/_control' && request.method === 'POST') return changed(request, world);
  return json(404, {
    message: 'use GET /_control, POST /_control, GET /_control/knobs, or GET /_control/ledger',
  });
}

async function changed(request: ApiRequest, world: World): Promise<Reply> {
  const bytes = await bytesOf(request.body, MAX_PATCH_BYTES);
  try {
    world.settings.change(JSON.parse(bytes?.toString() ?? ''));
    return json(200, world.settings.options());
  } catch (error) {
    if (error instanceof BadOptionError) return json(400, { message: error.message });
    if (error instanceof SyntaxError) return json(400, { message: `the options are not valid JSON: ${error.message}` });
    throw error;
  }
}
