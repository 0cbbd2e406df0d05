import { AwsUnavailableError } from './errors.ts';

/** The part of an AWS client that this needs. Each client types its middleware in its own way; the values are the same. */
interface WithMiddleware {
  readonly middlewareStack: { add(middleware: unknown, options: unknown): void };
}

type Next = (args: unknown) => Promise<unknown>;

/**
 * Gives faults of every AWS service the same name, so that a retry can tell them from our own errors. Other refusals
 * and failed conditions keep the names that the service gave them. Safe to call twice for one client.
 *
 * @returns the same client
 */
export function normalizeAwsErrors<Client extends WithMiddleware>(client: Client): Client {
  return rename(client, isFault);
}

/**
 * Does the same for S3. Also renames refusals that our own environment causes: a KMS key, a bucket, a permission,
 * credentials or a clock. No image is at fault, so the upload waits until somebody fixes it.
 *
 * @returns the same client
 */
export function normalizeS3Errors<Client extends WithMiddleware>(client: Client): Client {
  return rename(client, (error) => isFault(error) || isOurOwn(error));
}

function rename<Client extends WithMiddleware>(client: Client, isUnavailable: (error: AwsError) => boolean): Client {
  client.middlewareStack.add(
    (next: Next) => async (args: unknown) => {
      try {
        return await next(args);
      } catch (error) {
        if (!isAwsError(error) || !isUnavailable(error)) throw error;
        const why = isFault(error) ? '' : `${error.name}: `;
        throw new AwsUnavailableError(why + error.message, { cause: error, isRefusal: !isFault(error) });
      }
    },
    { step: 'initialize', name: 'normalizeAwsErrors', override: true },
  );
  return client;
}

interface AwsError extends Error {
  readonly $metadata: { readonly httpStatusCode?: number };
}

function isAwsError(error: unknown): error is AwsError {
  return error instanceof Error && typeof Reflect.get(error, '$metadata') === 'object';
}

const THROTTLING = /throttl|slowdown|toomanyrequests|limitexceeded/i;

/** S3 or another service did not answer, answered 5xx, or asked to slow down, after the SDK's own retries. */
function isFault({ name, $metadata: { httpStatusCode: status } }: AwsError): boolean {
  return status === undefined || status >= 500 || status === 429 || THROTTLING.test(name);
}

/** Error names of a 400 that are not about the object. The answer to a HEAD request has no name. */
const OWN_REASONS = /^KMS|Token|TimeTooSkewed|BadRequest|Unknown|^400/;

/** A 403 is about the object itself only if the object is archived. */
function isOurOwn({ name, $metadata: { httpStatusCode: status } }: AwsError): boolean {
  if (status === 400) return OWN_REASONS.test(name);
  if (status === 403) return name !== 'InvalidObjectState';
  return status === 301 || status === 307 || name === 'NoSuchBucket';
}
