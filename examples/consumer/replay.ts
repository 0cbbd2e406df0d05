import { readFile } from 'node:fs/promises';
import { isModelStored, parse } from 'meshdrop/events';
import { handler } from './handler.ts';

/**
 * Passes events from a file to the handler, as its rule does. The file has one event per line, like
 * `.meshdrop/events.jsonl` of a local run.
 */
const [file = ''] = process.argv.slice(2);
const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
for (const event of lines.map((line) => parse(JSON.parse(line))).filter(isModelStored)) {
  const told = await handler(event).catch((error: unknown) => {
    process.exitCode = 1;
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  });
  process.stdout.write(`${told}\n`);
}
