// Plain JavaScript, so that an older Node.js can print this message instead of failing at the first type.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `meshdrop needs Node.js 24, but this is ${major}.${minor}: on Linux, "npm ci" installs it and "npm start" uses it; elsewhere, install Node.js 24\n`,
  );
  process.exit(2);
}
const { main } = await import('./main.ts');
process.exit(await main(process.argv.slice(2)));
