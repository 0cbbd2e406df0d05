/** @throws Error naming the variable when it is no number above 0 */
export function positive<Name extends string>(env: Readonly<Record<Name, string>>, name: Name): number {
  const number = Number(env[name]);
  if (number > 0) return number;
  throw new Error(`the environment variable ${name} is no number above 0: ${env[name]}`);
}

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
