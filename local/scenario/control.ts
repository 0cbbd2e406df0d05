import { bytesOf, json, type ApiRequest, type Reply } from './answer.ts';
import type { Ledger } from './ledger.ts';
import { BadOptionError, KNOBS } from './options.ts';
import type { World } from './world.ts';

const MAX_PATCH_BYTES = 1_000_000;

/** `/_control`: how a tester, not a client, speaks with the stand-in. */
export async function control(request: ApiRequest, world: World, ledger: () => Ledger): Promise<Reply> {
  // A page from elsewhere in the tester's browser can post here, but not hide that it does.
  const from = request.headers['origin'];
  if (from !== undefined && !isLoopback(from.replace(/^https?:\/\//, ''))) {
    return json(403, { message: `requests from pages of ${from} are not taken` });
  }
  if (request.path === '/_control/ledger' && request.method === 'GET') return json(200, ledger());
  if (request.path === '/_control' && request.method === 'GET') return json(200, world.settings.options());
  if (request.path === '/_control/knobs' && request.method === 'GET') return json(200, KNOBS);
  if (request.path === '/_control' && request.method === 'POST') return changed(request, world);
  return json(404, {
    message: 'there are GET and POST /_control, GET /_control/knobs and GET /_control/ledger',
  });
}

async function changed(request: ApiRequest, world: World): Promise<Reply> {
  const bytes = await bytesOf(request.body, MAX_PATCH_BYTES);
  try {
    world.settings.change(JSON.parse(bytes?.toString() ?? ''));
    return json(200, world.settings.options());
  } catch (error) {
    if (error instanceof BadOptionError) return json(400, { message: error.message });
    if (error instanceof SyntaxError) return json(400, { message: `the options are not JSON: ${error.message}` });
    throw error;
  }
}

/** Whether a Host header means this machine. Any other name pointing here is somebody's trick (DNS rebinding). */
export function isLoopback(host: string): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host);
}
