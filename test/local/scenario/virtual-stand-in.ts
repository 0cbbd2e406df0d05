import sharp from 'sharp';
import { type ApiAnswer, bytesOf, type Reply } from '../../../local/scenario/answer.ts';
import { createStandInApi } from '../../../local/scenario/api.ts';
import type { StandInOptionsInput } from '../../../local/scenario/moods/options.ts';

export const MODEL_PATH = '/v1/generate/custom/model_tripo-v3-1-image-to-3d';
export const AUTHORIZATION = `Basic ${Buffer.from('key:secret').toString('base64')}`;
const START = Date.UTC(2026, 7, 6, 10);

/** A response with its body. */
export interface Read {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  readonly body: Record<string, unknown>;
}

/** Creates a stand-in in this process. Its clock advances only when the test advances it. */
export async function virtualStandIn(
  options: StandInOptionsInput = {},
  more: { readonly folder?: string; readonly startMs?: number } = {},
) {
  let now = more.startMs ?? START;
  let seed = 1;
  const api = await createStandInApi({
    origin: () => 'http://127.0.0.1:1',
    apiKey: 'key',
    apiSecret: 'secret',
    now: () => now,
    random: () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    },
    folder: more.folder,
    options: { resultModel: 'triangle', ...options },
  });

  function raw(
    method: string,
    url: string,
    body?: unknown,
    headers: Record<string, string> = { authorization: AUTHORIZATION },
  ): Promise<ApiAnswer> {
    const { pathname, searchParams } = new URL(url, 'http://127.0.0.1:1');
    const bytes =
      body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? null));
    return api.handle({
      method,
      path: pathname,
      query: searchParams,
      headers,
      ...(body !== undefined && { body: bytes }),
    });
  }
  async function call(...request: Parameters<typeof raw>): Promise<Read> {
    return read(await raw(...request));
  }
  return {
    ...api,
    raw,
    call,
    pass(seconds: number) {
      now += seconds * 1000;
    },
    nowMs: () => now,
    /** Uploads a small image. */
    async image(bytes?: Uint8Array): Promise<string> {
      const image = Buffer.from(bytes ?? (await smallPng())).toString('base64');
      const { body } = await call('POST', '/v1/assets', { name: 'chair.png', image });
      return (body['asset'] as { id: string }).id;
    },
    submit: (inputs: Record<string, unknown>) => call('POST', MODEL_PATH, inputs),
    async job(id: string) {
      return (await call('GET', `/v1/jobs/${id}`)).body['job'] as JobBody;
    },
    async asset(id: string) {
      return (await call('GET', `/v1/assets/${id}`)).body['asset'] as AssetBody;
    },
  };
}

export interface JobBody {
  readonly jobId: string;
  readonly status: string;
  readonly progress: number;
  readonly statusHistory: readonly { readonly status: string; readonly date: string }[];
  readonly metadata: {
    readonly input?: Record<string, unknown>;
    readonly assetIds: string[];
    readonly error?: string;
    readonly hint?: string;
    readonly output?: { readonly entityId: string };
  };
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface AssetBody {
  readonly id: string;
  readonly url: string;
  readonly kind: string;
  readonly mimeType: string;
  readonly status: string;
  readonly properties: { readonly size: number; readonly faceCount?: number };
  readonly preview: { readonly assetId: string; readonly url: string };
  readonly thumbnail: { readonly url: string };
}

/** Returns the job in the answer to a submission. */
export function jobIn({ body }: Read): JobBody {
  return body['job'] as JobBody;
}

async function read(answer: ApiAnswer): Promise<Read> {
  if (!('status' in answer)) throw new Error(`expected a reply, not ${JSON.stringify(answer)}`);
  const reply: Reply = answer;
  const bytes = (await bytesOf(reply.body)) ?? Buffer.alloc(0);
  const isJson = reply.headers['content-type'] === 'application/json';
  return {
    status: reply.status,
    headers: reply.headers,
    bytes,
    body: isJson ? (JSON.parse(bytes.toString()) as Record<string, unknown>) : {},
  };
}

export function smallPng(): Promise<Buffer> {
  return sharp({ create: { width: 24, height: 24, channels: 3, background: '#aa3322' } })
    .png()
    .toBuffer();
}
