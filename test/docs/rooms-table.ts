import { ROOMS } from '../house/import-rules.ts';

/** Returns the table of ARCHITECTURE.md: each room, its allowed imports, and what it never knows. */
export function roomsTable(): string {
  const rows = ROOMS.map(({ room, may, mayTypes = [], holds, neverKnows }) => {
    const imports = [...may.map(code), ...mayTypes.map((place) => `types of ${code(place)}`)];
    return `| \`${room}\` | ${holds} | ${neverKnows} | ${imports.join(', ') || 'nothing'} |`;
  });
  return ['| Room | Holds | Never knows | May import |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function code(place: string): string {
  return `\`${place}\``;
}
