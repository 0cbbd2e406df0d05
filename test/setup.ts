import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { assembly } from '../local/aws/assembly.ts';

/** Once, before all files. */
export async function setup({ vitest }: TestProject) {
  refuseOlderNode();
  for (const name of Object.keys(process.env)) if (name.startsWith('SCENARIO_')) delete process.env[name];
  // Else several files, begun at once, would each synthesize the same. One alone does it itself, if it needs it at all.
  if (vitest.state.getPaths().length > 1) await assembly();
  // Most processes that tests start have the same program: Node compiles it for the first and keeps it for the others.
  process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '..', 'node_modules', '.cache', 'compiled');
}

/** The fall-back to an older Node is silent, and its errors are obscure: say it once, at the start. */
function refuseOlderNode(): void {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 24) {
    throw new Error(
      `the tests need Node 24 and this is ${process.versions.node}: start them with "npm test" after "npm ci" (on Linux that brings Node 24), or install Node 24`,
    );
  }
}
