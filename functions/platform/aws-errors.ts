import { AwsUnavailableError } from './errors.ts';

/** The part of an AWS client that this needs. Each client types its middleware in its own way; the values are the same. */
interface WithMiddleware {
  readonly middlewareStack: { add(middleware: unknown, options: unknown): void };
}

type Next = (args: unknown) => Promise<unknown>;

/**
 * Gives AWS' own faults one name, whichever service they come from, so that a retry can tell them from ours. Refusals and
 * failed conditions keep the names that the service gave them. Safe to call twice for one client.
 *
 * @returns the same client
 */
export function normalizeAwsErrors<Client extends WithMiddleware>(client: Client): Client {
  client.middlewareStack.add(
    (next: Next) => async (args: unknown) => {
      try {
        return await next(args);
      } catch (error) {
        throw isFault(error) ? new AwsUnavailableError(error.message, { cause: error }) : error;
      }
    },
    { step: 'initialize', name: 'normalizeAwsErrors', override: true },
  );
  return client;
}

const THROTTLING = /throttl|slowdown|toomanyrequests|limitexceeded/i;

/** No answer at all, a 5xx or "slow down", after the SDK's own retries. */
function isFault(error: unknown): error is Error {
  if (!(error instanceof Error) || !('$metadata' in error)) return false;
  const { $metadata: metadata, name } = error;
  const status: unknown =
    typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'httpStatusCode') : undefined;
  return typeof status !== 'number' || status >= 500 || status === 429 || THROTTLING.test(name);
}
