/** A log of a history for analyzing a failure: who, when, and what. */
export interface Story {
  note(who: string, what: string): void;
  /** Returns one line per note, with names instead of IDs. */
  lines(): readonly string[];
  /** Sets the name that replaces an ID. */
  callIt(id: string, name: string): void;
}

export function createStory(now: () => number): Story {
  const start = now();
  const notes: [at: number, who: string, what: string][] = [];
  const names = new Map<string, string>();
  return {
    note: (who, what) => void notes.push([now() - start, who, what]),
    callIt: (id, name) => void names.set(id, name),
    lines: () => notes.map(([at, who, what]) => `${elapsed(at)}  ${who.padEnd(18)} ${withNames(what, names)}`),
  };
}

function withNames(text: string, names: ReadonlyMap<string, string>): string {
  let told = text;
  for (const [id, name] of names) told = told.replaceAll(id, name);
  return told;
}

/** `1:02:03.456` */
function elapsed(ms: number): string {
  const seconds = (ms / 1000) % 60;
  const minutes = Math.floor(ms / 60_000) % 60;
  const padded = [String(minutes).padStart(2, '0'), seconds.toFixed(3).padStart(6, '0')].join(':');
  return `${Math.floor(ms / 3_600_000)}:${padded}`;
}
