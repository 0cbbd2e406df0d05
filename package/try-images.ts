/** The local run needs more of Node.js than the other commands. */
const NODE_MAJOR = 24;

/** Runs `npm start` with these arguments. Loads it only now: the other commands need nothing of it. */
export async function tryImages(args: readonly string[]): Promise<number> {
  const [major] = process.versions.node.split('.').map(Number);
  if (major === undefined || major < NODE_MAJOR) {
    process.stderr.write(
      `meshdrop: try needs Node.js ${NODE_MAJOR}, but this is ${process.versions.node}. Install it from https://nodejs.org, or use npx --package node@${NODE_MAJOR} --package meshdrop meshdrop try IMAGE\n`,
    );
    return 2;
  }
  const { main } = await import('../local/cli/main.ts');
  return await main(args);
}
