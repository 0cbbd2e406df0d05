import * as z from 'zod';

/** Environment variables by name. */
export type Env<Name extends string> = Readonly<Record<Name, string>>;

/**
 * Reads environment variables by name, once, when a function starts.
 *
 * @param variables by default, those of this process
 * @throws Error naming every variable that is missing or empty
 */
export function readEnv<Name extends string>(
  names: readonly Name[],
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Env<Name> {
  const missing = names.filter((name) => !variables[name]);
  if (missing.length > 0) throw new Error(`missing environment variables: ${missing.join(', ')}`);
  return Object.fromEntries(names.map((name) => [name, variables[name]])) as Env<Name>;
}

/** @throws Error naming the variable when it is not a number above 0 */
export function readPositive<Name extends string>(env: Env<Name>, name: Name): number {
  const number = Number(env[name]);
  if (number > 0) return number;
  throw new Error(`the environment variable ${name} must be a number above 0: ${env[name]}`);
}

/** @throws Error when the variable is not a JSON array of strings */
export function readList<Name extends string>(env: Env<Name>, name: Name): readonly string[] {
  return z.array(z.string()).parse(JSON.parse(env[name]));
}
