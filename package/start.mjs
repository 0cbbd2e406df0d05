#!/usr/bin/env node
// In a checkout. Plain JavaScript, so that an older Node.js can print this message.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `meshdrop: this checkout needs Node.js 24, but this is ${process.versions.node}: "npm ci" installs it on Linux, and npx uses it\n`,
  );
  process.exit(2);
}
const { meshdrop } = await import('./meshdrop.ts');
process.exit(await meshdrop(process.argv.slice(2)));
