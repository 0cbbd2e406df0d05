/**
 * Reads settings from the environment, by name, once, when a function starts.
 *
 * @throws Error naming every variable that is missing or empty
 */
export function readEnv<Name extends string>(...names: readonly Name[]): Readonly<Record<Name, string>> {
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length > 0) throw new Error(`missing environment variables: ${missing.join(', ')}`);
  return Object.fromEntries(names.map((name) => [name, process.env[name]])) as Record<Name, string>;
}
