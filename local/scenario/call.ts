import { type Body, bytesOf, Refusal } from './answer.ts';

/** A request with its route. */
export interface Call {
  /** Path parameters, such as a job ID. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Body | undefined;
}

/**
 * Parses the body.
 *
 * @throws Refusal 413 if it is too long, 400 if it is not a JSON object
 */
export async function objectIn(call: Call, limitBytes: number): Promise<Record<string, unknown>> {
  const bytes = await bytesOf(call.body, limitBytes);
  if (bytes === undefined) throw new Refusal(413, 'Request Too Long', { isGateway: true });
  const value = parsed(bytes.toString());
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(400, '"value" must be of type object');
  }
  return { ...value };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'Unexpected token in JSON at position 0');
  }
}

/** Refuses unknown fields, in the words of the real validator. */
export function refuseUnknown(body: Readonly<Record<string, unknown>>, known: readonly string[]) {
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Refusal(400, `"${unknown}" is not allowed`);
}

/** Returns a required string. */
export function requiredString(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name];
  if (value === undefined) throw new Refusal(400, `"${name}" is required`);
  if (typeof value !== 'string') throw new Refusal(400, `"${name}" must be a string`);
  if (value === '') throw new Refusal(400, `"${name}" is not allowed to be empty`);
  return value;
}

/** Returns a required integer within limits. */
export function requiredInteger(
  body: Readonly<Record<string, unknown>>,
  name: string,
  least: number,
  most: number,
): number {
  const value = body[name];
  if (value === undefined) throw new Refusal(400, `"${name}" is required`);
  if (typeof value !== 'number') throw new Refusal(400, `"${name}" must be a number`);
  if (!Number.isInteger(value)) throw new Refusal(400, `"${name}" must be an integer`);
  if (value < least) throw new Refusal(400, `"${name}" must be greater than or equal to ${least}`);
  if (value > most) throw new Refusal(400, `"${name}" must be less than or equal to ${most}`);
  return value;
}

/** Returns the IDs in `assetIds`. Too many IDs refuse the whole call. */
export function assetIdsIn(body: Readonly<Record<string, unknown>>, most: number): string[] {
  refuseUnknown(body, ['assetIds']);
  const ids = body['assetIds'];
  if (ids === undefined) throw new Refusal(400, '"assetIds" is required');
  if (!Array.isArray(ids)) throw new Refusal(400, '"assetIds" must be an array');
  if (ids.length > most) throw new Refusal(400, `"assetIds" must contain less than or equal to ${most} items`);
  if (ids.length === 0) throw new Refusal(400, '"assetIds" must contain at least 1 items');
  return ids.map((id: unknown, i) => requiredString({ [`assetIds[${i}]`]: id }, `assetIds[${i}]`));
}
