/** The fall-back to an older Node is silent, and its errors are obscure: say it once, at the start. */
export function setup() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 24) {
    throw new Error(
      `the tests need Node 24 and this is ${process.versions.node}: start them with "npm test" after "npm ci" (on Linux that brings Node 24), or install Node 24`,
    );
  }
  for (const name of Object.keys(process.env)) if (name.startsWith('SCENARIO_')) delete process.env[name];
}
