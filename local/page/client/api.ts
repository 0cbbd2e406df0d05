import type { Model } from '../../../functions/models/model.ts';
import type { RunView } from '../../runs/runs.ts';
import type { behindTheScenes } from '../behind.ts';
import type { describeRun } from '../run-details.ts';
import type { checkUpload } from '../uploads.ts';

/** The model that makes the models, and the settings of the deployment. */
export interface ModelView extends Model {
  /** The metadata key of each input. */
  readonly keys: Readonly<Record<string, string>>;
  readonly defaults: Readonly<Record<string, string | number | boolean>>;
  readonly presets: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;
  readonly metadataAllowed: 'all' | 'none' | readonly string[];
  readonly onDuplicate: 'reuse' | 'regenerate';
  readonly maxCuPerRun: number;
  readonly standIn: boolean;
}

export interface Totals {
  readonly standIn: boolean;
  readonly spentToday?: number;
  readonly limitToday?: number;
}

export type Metadata = Readonly<Record<string, string>>;
export type Details = Awaited<ReturnType<typeof describeRun>>;
export type Behind = Awaited<ReturnType<typeof behindTheScenes>>;
export type Check = ReturnType<typeof checkUpload>;

/** The token is in the fragment of the address, which browsers never send. */
const token = new URLSearchParams(location.hash.slice(1)).get('token');

/** @throws Error with the message of the server */
async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...(token !== null && { 'x-meshdrop-token': token }), ...(init.headers as Metadata | undefined) };
  const response = await fetch(path, { ...init, headers }).catch(() => {
    throw new Error('Meshdrop does not answer');
  });
  if (response.ok) return response;
  const text = await response.text();
  throw new Error(/<Message>([^<]*)/.exec(text)?.[1] ?? text);
}

const json = async <T>(path: string, init?: RequestInit): Promise<T> => (await (await call(path, init)).json()) as T;

/** Encodes each segment of a key. */
export function pathOf(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

const metaHeaders = (metadata: Metadata): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]));

export const api = {
  model: () => json<ModelView>('/model'),
  details: (runId: string) => json<Details>(`/runs/${encodeURIComponent(runId)}`),
  behind: () => json<Behind>('/behind'),
  check: async (key: string, facts: Readonly<Record<string, number | undefined>>, metadata: Metadata) => {
    const known = Object.entries(facts).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    );
    const query = new URLSearchParams(known);
    return await json<Check>(`/checks/${pathOf(key)}?${query}`, { headers: metaHeaders(metadata) });
  },
  upload: async (key: string, file: Blob, metadata: Metadata): Promise<string> => {
    const sent = { method: 'PUT', body: file, headers: metaHeaders(metadata) };
    return (await call(`/uploads/${pathOf(key)}`, sent)).headers.get('x-meshdrop-run') ?? '';
  },
  act: (runId: string, action: 'again' | 'redrive' | 'redeliver', metadata?: Metadata) =>
    json<{ runId: string; sentence: string }>(`/runs/${encodeURIComponent(runId)}/${action}`, {
      method: 'POST',
      ...(metadata && { body: JSON.stringify({ metadata }) }),
    }),
  setMoods: (moods: readonly string[]) => json('/moods', { method: 'POST', body: JSON.stringify({ moods }) }),
};

export interface Feed {
  readonly onAll: (runs: readonly RunView[]) => void;
  readonly onRuns: (runs: readonly RunView[]) => void;
  readonly onTotals: (totals: Totals) => void;
  readonly onConnection: (isThere: boolean) => void;
}

/** Follows all runs. The browser connects again by itself, and then gets all of them. */
export function follow({ onAll, onRuns, onTotals, onConnection }: Feed): void {
  const source = new EventSource('/feed');
  const read =
    <T>(handle: (data: T) => void) =>
    (event: MessageEvent<string>) =>
      handle(JSON.parse(event.data) as T);
  source.addEventListener('all', read(onAll));
  source.addEventListener('runs', read(onRuns));
  source.addEventListener('totals', read(onTotals));
  source.addEventListener('open', () => onConnection(true));
  source.addEventListener('error', () => {
    onConnection(false);
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => follow({ onAll, onRuns, onTotals, onConnection }), 1_000);
  });
}
