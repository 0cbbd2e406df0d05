import type { Count, Log } from '../../functions/platform/observability.ts';

const withErrors = (_: string, value: unknown) => (value instanceof Error ? String(value) : value);

/** A log and metrics that can be looked at. */
export function collectObserved() {
  const lines: string[] = [];
  const counts: [name: string, value: number][] = [];
  const line = (message: unknown, ...extra: readonly unknown[]) => {
    lines.push([String(message), ...extra.map((part) => JSON.stringify(part, withErrors))].join(' '));
  };
  const log: Log = { info: line, warn: line, error: line, appendKeys: () => undefined };
  const count: Count = (name, value) => {
    counts.push([name, value]);
  };
  return { log, count, lines, counts };
}
