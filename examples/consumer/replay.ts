import { readFile } from 'node:fs/promises';
import { handler } from './handler.ts';

/** Hands the handler every event of a file, one a line, as a local run writes them: `.meshdrop/events.jsonl`. */
const [file = ''] = process.argv.slice(2);
for (const line of (await readFile(file, 'utf8')).split('\n').filter(Boolean)) {
  const told = await handler(JSON.parse(line)).catch((error: unknown) => {
    process.exitCode = 1;
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  });
  process.stdout.write(`${told}\n`);
}
