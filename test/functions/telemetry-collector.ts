import type { Telemetry } from '../../functions/platform/observability.ts';

const withErrors = (_: string, value: unknown) => (value instanceof Error ? String(value) : value);

/** Telemetry that can be looked at. */
export function collectTelemetry() {
  const lines: string[] = [];
  const counts: [name: string, value: number][] = [];
  const line = (message: unknown, ...extra: readonly unknown[]) => {
    lines.push([String(message), ...extra.map((part) => JSON.stringify(part, withErrors))].join(' '));
  };
  const telemetry: Telemetry = {
    log: { info: line, warn: line, error: line, appendKeys: () => undefined },
    count: (name, value) => {
      counts.push([name, value]);
    },
  };
  return { telemetry, lines, counts };
}
