import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const project = join(import.meta.dirname, '..', '..');

/** Counts lines of code, without blank lines, comments, and lines that only close a block. */
export function countLines(text: string): number {
  let count = 0;
  let isInComment = false;
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line.startsWith('/*')) isInComment = true;
    if (!isInComment && line !== '' && !line.startsWith('//')) count += 1;
    if (line.includes('*/')) isInComment = false;
  }
  return count;
}

/** Counts the shipped code, without the event reader, which is a separate package. */
export function countRooms(): ReadonlyMap<string, number> {
  const rooms = new Map<string, number>();
  for (const path of globSync('{functions,infra}/**/*.ts', { cwd: project })) {
    if (path.endsWith('.d.ts') || path.endsWith('event-reader.ts')) continue;
    const parts = path.split('/');
    const room = parts.slice(0, parts.length > 2 ? 2 : 1).join('/');
    const lines = countLines(readFileSync(join(project, path), 'utf8'));
    rooms.set(room, (rooms.get(room) ?? 0) + lines);
  }
  return rooms;
}

if (import.meta.main) {
  const rooms = [...countRooms()].sort(([a], [b]) => a.localeCompare(b));
  for (const [room, lines] of rooms) process.stdout.write(`${String(lines).padStart(6)}  ${room}\n`);
  const all = rooms.reduce((sum, [, lines]) => sum + lines, 0);
  process.stdout.write(`${String(all).padStart(6)}  in total\n`);
}
