import type { RunView } from '../../runs/runs.ts';

export type State = 'waiting' | 'held' | 'submitting' | 'generating' | 'storing' | 'stored' | 'failed' | 'rejected';

export function stateOf({ stage, waitingFor }: RunView): State {
  if (stage === 'stored' || stage === 'failed' || stage === 'rejected') return stage;
  if (waitingFor !== undefined) return 'held';
  return stage === 'queued' ? 'waiting' : stage;
}

/** A file that was made of the model. Undefined if there is none. */
export function renditionOf({ renditions }: RunView, wanted: string) {
  return renditions?.files.find(({ role }) => role === wanted);
}

export const LABELS: Readonly<Record<State, string>> = {
  waiting: 'Waiting',
  held: 'Held',
  submitting: 'Submitting',
  generating: 'Generating',
  storing: 'Storing',
  stored: 'Stored',
  failed: 'Failed',
  rejected: 'Rejected',
};

export function isActive(state: State): boolean {
  return !['stored', 'failed', 'rejected'].includes(state);
}

/** What waits for whom, and what to do about it. */
export function adviceFor(waitingFor: string): string {
  if (/credit|compute unit/i.test(waitingFor) && !/today|daily/i.test(waitingFor))
    return 'Buy credits at Scenario. The upload continues by itself.';
  if (/of today are used up|daily/i.test(waitingFor))
    return 'It continues tomorrow (UTC), or when the limit is raised.';
  if (/paused/i.test(waitingFor)) return 'It continues when the pause ends.';
  if (/401|403|key|refuses every upload/i.test(waitingFor)) return 'Check the API key and the account.';
  return 'It continues by itself. Nothing is lost.';
}

const number = new Intl.NumberFormat('en');
export const count = (value: number): string => number.format(value);

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(0)} KB`;
  return `${Number((bytes / 1_000_000).toFixed(1))} MB`;
}

export function cuText(cu: number): string {
  return `${Number(cu.toFixed(2))} CU`;
}

export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function timeText(ms: number): string {
  const date = new Date(ms);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
    : date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

/** `faceLimit` is `Face limit`. */
export function title(name: string): string {
  const spaced = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const words = spaced === 'pbr' ? 'PBR' : spaced;
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function fileName(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

export function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

export const metres = (value: number): string => String(Number(value.toPrecision(3)));
