// Plain JavaScript, so that an older Node can at least say what is missing instead of stumbling over the first type.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `meshdrop needs Node 24, and this is ${major}.${minor}: on Linux "npm ci" brings it and "npm start" uses it; elsewhere install Node 24\n`,
  );
  process.exit(2);
}
const { main } = await import('./main.ts');
process.exit(await main(process.argv.slice(2)));
