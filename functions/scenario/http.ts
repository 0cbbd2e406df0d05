import * as z from 'zod';
import {
  ScenarioAccountError,
  ScenarioBusyError,
  ScenarioInputError,
  ScenarioNotFoundError,
  ScenarioUnavailableError,
  SubmissionUncertainError,
} from './errors.ts';
import type { CredentialSource } from './credentials.ts';
import { ifValid, text } from './schemas.ts';
import { redact } from '../contract/failures.ts';
import type { Clock } from '../platform/clock.ts';
import { parseJson } from '../platform/json.ts';

/** How the client reaches Scenario. */
export interface Connection {
  /** Base of the API, `/v1` included. */
  readonly url: string;
  readonly credentials: CredentialSource;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

export interface Call {
  readonly method: 'GET' | 'POST';
  /** Below the base, with its query: `/jobs/job_1`. */
  readonly path: string;
  readonly body?: unknown;
  /** A status besides 2xx that counts as success. */
  readonly accept?: number;
  /** Makes the error for a 404. By default, the ID in the path is unknown. */
  readonly notFound?: (message: string) => Error;
}

const TIMEOUT_MS = 30_000;
const PAID_TIMEOUT_MS = 60_000;
const TRIES = 3;
const RETRY_MS = 500;

/**
 * Makes a call that costs nothing. Retries it if Scenario doesn't answer or answers 5xx, 408 or 409. After a 401, retries
 * it once with fresh credentials.
 *
 * @throws ScenarioBusyError | ScenarioAccountError | ScenarioInputError | ScenarioNotFoundError | ScenarioUnavailableError
 */
export async function callFree(call: Call, connection: Connection): Promise<Received> {
  let isRenewed = false;
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await send(call, TIMEOUT_MS, connection);
      if (answer.status !== 401 || isRenewed) return accepted(call, answer, connection);
      isRenewed = true;
      connection.credentials.drop();
    } catch (error) {
      const isPassing = error instanceof ScenarioUnavailableError || error instanceof SubmissionUncertainError;
      if (!isPassing) throw error;
      // Free calls are safe to repeat, so it doesn't matter whether Scenario took this one.
      if (tries >= TRIES) throw new ScenarioUnavailableError(error.message);
      await connection.clock.sleep(RETRY_MS * 2 ** tries);
    }
  }
}

/**
 * Makes the call that costs money. Sends it exactly once.
 *
 * @throws SubmissionUncertainError if Scenario may have taken it; otherwise what `callFree` throws
 */
export async function callPaid(call: Call, connection: Connection): Promise<Received> {
  const answer = await send(call, PAID_TIMEOUT_MS, connection);
  if (answer.status === 401) connection.credentials.drop();
  return accepted(call, answer, connection);
}

type Received = Awaited<ReturnType<typeof send>>;

async function send(call: Call, timeoutMs: number, connection: Connection) {
  const { apiKey, apiSecret } = await connection.credentials.get();
  try {
    const authorization = `Basic ${Buffer.from(`${apiKey}:${apiSecret}`).toString('base64')}`;
    const response = await connection.fetch(connection.url + call.path, {
      method: call.method,
      headers: { authorization, ...(call.body !== undefined && { 'content-type': 'application/json' }) },
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      // A redirect would repeat a POST, or carry the credentials elsewhere.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await readText(response);
    const retryAfter = response.headers.get('retry-after');
    return { status: response.status, text, body: parseJson(text), retryAfter };
  } catch (error) {
    const code = codeOf(error);
    const message = `Scenario did not answer ${call.method} ${call.path}: ${code}`;
    if (BEFORE_CONNECTION.includes(code)) throw new ScenarioUnavailableError(message);
    throw new SubmissionUncertainError(message);
  }
}

/** A page of 200 jobs is far smaller. A longer body is not an answer and could fill the memory. */
const MAX_BODY_BYTES = 4_000_000;

async function readText({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) throw new Error(`an answer of more than ${MAX_BODY_BYTES} bytes`);
    pieces.push(piece);
  }
  return new TextDecoder().decode(Buffer.concat(pieces));
}

/** Error codes from before there is a connection: no byte of the request was sent. */
const BEFORE_CONNECTION = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT'];

/** The first error code among the causes, or the innermost name. Never a message, which could contain a header. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause instanceof Error ? codeOf(error.cause) : error.name;
}

function accepted(call: Call, answer: Received, { clock }: Connection): Received {
  const { status } = answer;
  if ((status >= 200 && status < 300) || status === call.accept) return answer;
  if (isDefinite(status)) throw refusal(call, answer, clock.now());
  const reason = reasonIn(answer);
  throw new SubmissionUncertainError(`Scenario answered ${call.method} ${call.path} with ${status}: ${reason}`);
}

/** Scenario took nothing. Its own client retries 408 and 409, so they prove nothing. */
function isDefinite(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 409;
}

const remainingSeconds = ifValid(z.number());

/** Every error body that has been seen. */
const problemSchema = z
  .object({
    reason: text,
    message: text,
    error: ifValid(z.union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)])),
    detail: text,
    remainingSeconds,
    details: ifValid(z.object({ remainingSeconds })),
  })
  .catch({});

const MAX_REASON_LENGTH = 400;
const MAX_TEXT_LENGTH = 200;

function reasonIn({ status, body, text: raw }: Received): string {
  const { reason, message, error, detail } = problemSchema.parse(body);
  const said = reason ?? message ?? error ?? detail ?? raw.slice(0, MAX_TEXT_LENGTH);
  return redact(said).replaceAll(/\s+/g, ' ').trim().slice(0, MAX_REASON_LENGTH) || `status ${status}`;
}

/** How Scenario reports an empty account is not documented, so words decide. */
const OUT_OF_CREDITS = /credit|compute unit/i;
/** These may also be about a request limit or a poor image. */
const PERHAPS_OUT_OF_CREDITS = /quota|insufficient/i;
const SOMETHING_ELSE = /\brequests?\b|\brate\b|image|resolution|detail/i;
/** Run ids contain image names, and an image may show a credit card. */
const NAMES = /\b[a-z0-9-]{1,40}-[0-9a-f]{32}\b/g;

function isOutOfCredits(reason: string): boolean {
  const said = reason.replaceAll(NAMES, '');
  return OUT_OF_CREDITS.test(said) || (PERHAPS_OUT_OF_CREDITS.test(said) && !SOMETHING_ELSE.test(said));
}

/** The error for an answer that is a refusal. */
function refusal(call: Call, answer: Received, now: number): Error {
  const { status } = answer;
  const reason = reasonIn(answer);
  const message = `Scenario refused ${call.method} ${call.path} with ${status}: ${reason}`;
  const isLimit = status === 429;
  const isInput = [400, 413, 422].includes(status);
  const isAccount = [401, 402, 403].includes(status) || ((isLimit || isInput) && isOutOfCredits(reason));
  if (isAccount) return new ScenarioAccountError(message);
  if (isLimit) return new ScenarioBusyError(message, waitIn(answer, now));
  if (isInput) return new ScenarioInputError(reason);
  if (status === 404) return call.notFound?.(message) ?? new ScenarioNotFoundError(message);
  return new ScenarioUnavailableError(message);
}

/** Seconds, from the body or from Retry-After (seconds or a date). */
function waitIn({ body, retryAfter }: Received, now: number): number | undefined {
  const { remainingSeconds: own, details } = problemSchema.parse(body);
  const remaining = own ?? details?.remainingSeconds;
  if (remaining !== undefined || retryAfter === null) return remaining;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
