import { readSpentToday } from '../runs/documents.ts';
import type { RunView } from '../runs/runs.ts';
import type { PageCall } from './page.ts';
import type { PageTools } from './page-tools.ts';

/** Many changes become one message, so that a thousand runs at once stay cheap. */
const COLLECT_MS = 80;
const HEARTBEAT_MS = 10_000;
const TOTALS_MS = 1_000;

/** Sends all runs, and then each change, as server-sent events. */
export function openFeed({ request, response }: PageCall, tools: PageTools): Promise<void> {
  const { runs } = tools.meshdrop;
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const send = (event: string, data: unknown) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  const changed = new Map<string, RunView>();
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    timer = undefined;
    send('runs', [...changed.values()]);
    changed.clear();
  };
  const unsubscribe = runs.onChange((view) => {
    changed.set(view.runId, view);
    timer ??= setTimeout(flush, COLLECT_MS);
  });
  let told = '';
  const sendTotals = async () => {
    const totals = await totalsOf(tools);
    if (JSON.stringify(totals) === told) return;
    told = JSON.stringify(totals);
    send('totals', totals);
  };
  send('all', runs.all());
  void sendTotals();
  const heartbeat = setInterval(() => response.write(': still here\n\n'), HEARTBEAT_MS);
  const totals = setInterval(() => void sendTotals(), TOTALS_MS);
  return new Promise((resolve) => {
    request.once('close', () => {
      unsubscribe();
      clearTimeout(timer);
      clearInterval(heartbeat);
      clearInterval(totals);
      resolve();
    });
  });
}

/** What today has cost so far, and what it can cost. A ledger that cannot be read tells nothing. */
async function totalsOf({ meshdrop, standIn, maxCuPerDay }: PageTools) {
  const spentToday = await readSpentToday(meshdrop).catch(() => undefined);
  const limit = maxCuPerDay();
  return { standIn, spentToday, limitToday: Number.isFinite(limit) ? limit : undefined };
}
