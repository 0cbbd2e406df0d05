import * as z from 'zod';
import {
  AssetNotVisibleError,
  type Refused,
  ScenarioAccountError,
  ScenarioBusyError,
  ScenarioInputError,
  ScenarioNotFoundError,
  ScenarioUnavailableError,
  SubmissionUncertainError,
} from './errors.ts';
import type { Lookup } from './allowed-hosts.ts';
import type { CredentialSource } from './credentials.ts';
import { ifValid, text } from './schemas.ts';
import { redact } from '../contract/failures.ts';
import type { Clock } from '../platform/clock.ts';
import { parseJson } from '../platform/json.ts';

/** How the client reaches Scenario. */
export interface Connection {
  /** The base URL of the API, including `/v1`. */
  readonly url: string;
  /** Hosts of files besides Scenario's own. @default none */
  readonly resultHosts?: readonly string[];
  readonly credentials: CredentialSource;
  readonly fetch: typeof fetch;
  /** @default DNS */
  readonly lookup?: Lookup;
  readonly clock: Clock;
  /** Called when Scenario refuses a free call because of too many requests. */
  readonly onShort?: (retryAfterSeconds: number | undefined) => Promise<void>;
}

export interface Call {
  readonly method: 'GET' | 'POST';
  /** Relative to the base URL, with the query: `/jobs/job_1`. */
  readonly path: string;
  readonly body?: unknown;
  /** A status outside 2xx that counts as success. */
  readonly accept?: number;
  /** Creates the error for a 404. The default is ScenarioNotFoundError. */
  readonly notFound?: (message: string, refused: Refused) => Error;
}

/** Some firewalls refuse requests that do not say what sends them. */
export const USER_AGENT = { 'user-agent': 'meshdrop' } as const;

const TIMEOUT_MS = 30_000;
const PAID_TIMEOUT_MS = 60_000;
const TRIES = 3;
const RETRY_MS = 500;

/**
 * Makes a call that costs nothing. Retries it if Scenario doesn't answer or answers 5xx, 408 or 409. After a 401,
 * retries it once with fresh credentials.
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
      if (error instanceof ScenarioBusyError) await connection.onShort?.(error.retryAfterSeconds);
      const isPassing = error instanceof ScenarioUnavailableError || error instanceof SubmissionUncertainError;
      if (!isPassing) throw error;
      // A free call is safe to repeat, whether or not Scenario accepted it.
      if (tries >= TRIES) throw new ScenarioUnavailableError(error.message);
      await connection.clock.sleep(RETRY_MS * 2 ** tries);
    }
  }
}

/**
 * Makes the call that costs money. Sends it exactly once.
 *
 * @throws SubmissionUncertainError if Scenario may have accepted it; otherwise the same errors as `callFree`
 */
export async function callPaid(call: Call, connection: Connection): Promise<Received> {
  const answer = await send(call, PAID_TIMEOUT_MS, connection);
  if (answer.status === 401) connection.credentials.drop();
  return accepted(call, answer, connection);
}

type Received = Awaited<ReturnType<typeof send>>;

/** @throws ScenarioUnavailableError if nothing was sent, SubmissionUncertainError if there is no complete answer */
async function send(call: Call, timeoutMs: number, connection: Connection) {
  const { apiKey, apiSecret } = await connection.credentials.get();
  try {
    const authorization = `Basic ${Buffer.from(`${apiKey}:${apiSecret}`).toString('base64')}`;
    const response = await connection.fetch(connection.url + call.path, {
      method: call.method,
      headers: { authorization, ...USER_AGENT, ...(call.body !== undefined && { 'content-type': 'application/json' }) },
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      // Following a redirect would repeat a POST or send the credentials to another host.
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

/** A page of 200 jobs is far smaller. A longer body can't be a valid answer and could exhaust the memory. */
const MAX_BODY_BYTES = 4_000_000;

async function readText({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) throw new Error(`the answer is longer than ${MAX_BODY_BYTES} bytes`);
    pieces.push(piece);
  }
  return new TextDecoder().decode(Buffer.concat(pieces));
}

/** Error codes of a connection that was never made: no byte of the request was sent. */
const BEFORE_CONNECTION = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT'];

/**
 * Returns the first error code in the chain of causes, or the name of the innermost error. It never returns a message,
 * which could contain a header.
 */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause instanceof Error ? codeOf(error.cause) : error.name;
}

/** Returns the answer if Scenario accepted the call. Throws the error for any other status. */
function accepted(call: Call, answer: Received, { clock }: Connection): Received {
  const { status } = answer;
  if ((status >= 200 && status < 300) || status === call.accept) return answer;
  if (isDefinite(status)) throw refusal(call, answer, clock.now());
  const reason = reasonIn(answer);
  throw new SubmissionUncertainError(`Scenario answered ${call.method} ${call.path} with ${status}: ${reason}`);
}

/**
 * Whether the status proves that Scenario did not accept the call. Scenario's own client retries 408 and 409, so they
 * don't prove it.
 */
function isDefinite(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 409;
}

const remainingSeconds = ifValid(z.number());
const actionLimit = ifValid(z.number().int().nonnegative());

/** Covers every form of error body seen so far. */
const problemSchema = z
  .object({
    reason: text,
    message: text,
    error: ifValid(z.union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)])),
    detail: text,
    remainingSeconds,
    details: ifValid(z.object({ remainingSeconds, actionLimit })),
    trace_id: text,
    status: ifValid(z.literal('error')),
  })
  .catch({});

const MAX_REASON_LENGTH = 400;
const MAX_TEXT_LENGTH = 200;

function reasonIn({ status, body, text: raw }: Received): string {
  const { reason, message, error, detail } = problemSchema.parse(body);
  const said = reason ?? message ?? error ?? detail ?? raw.slice(0, MAX_TEXT_LENGTH);
  return redact(said).replaceAll(/\s+/g, ' ').trim().slice(0, MAX_REASON_LENGTH) || `status ${status}`;
}

/** Scenario doesn't document how it reports an account without credits, so the words of the reason decide. */
const OUT_OF_CREDITS = /credit|compute unit/i;
/** These words can also refer to a request limit or a poor image. */
const PERHAPS_OUT_OF_CREDITS = /quota|insufficient/i;
const SOMETHING_ELSE = /\brequests?\b|\brate\b|image|resolution|detail/i;
/** Run IDs contain the image's name, which may itself contain a word such as `credit`. */
const NAMES = /\b[a-z0-9-]{1,40}-[0-9a-f]{32}\b/g;

function isOutOfCredits(reason: string): boolean {
  const said = reason.replaceAll(NAMES, '');
  return OUT_OF_CREDITS.test(said) || (PERHAPS_OUT_OF_CREDITS.test(said) && !SOMETHING_ELSE.test(said));
}

/** Words about an input asset that may be there in a moment. */
const NOT_YET = /\bnot (yet )?(found|ready|available)\b|temporarily|(still|being) process|try again (later|in)/i;

/** The error for an answer that is a refusal. */
function refusal(call: Call, answer: Received, now: number): Error {
  const { status } = answer;
  const { reason: own, trace_id: traceId, status: word, details } = problemSchema.parse(answer.body);
  const refused = { status, isOwn: own !== undefined || traceId !== undefined || word !== undefined };
  const reason = reasonIn(answer);
  const message = `Scenario refused ${call.method} ${call.path} with ${status}: ${reason}`;
  const isLimit = status === 429;
  const isInput = [400, 413, 422].includes(status);
  const isAccount = [401, 402, 403].includes(status) || ((isLimit || isInput) && isOutOfCredits(reason));
  if (isAccount) return new ScenarioAccountError(message, { refused });
  const busy = { refused, retryAfterSeconds: waitIn(answer, now), ceiling: details?.actionLimit };
  if (isLimit) return new ScenarioBusyError(message, busy);
  if (isInput) return new (NOT_YET.test(reason) ? AssetNotVisibleError : ScenarioInputError)(reason, { refused });
  if (status === 404) return call.notFound?.(message, refused) ?? new ScenarioNotFoundError(message, { refused });
  return new ScenarioUnavailableError(message, { refused });
}

/** Returns how many seconds to wait, from the body or from Retry-After, which has seconds or a date. */
function waitIn({ body, retryAfter }: Received, now: number): number | undefined {
  const { remainingSeconds: own, details } = problemSchema.parse(body);
  const remaining = own ?? details?.remainingSeconds;
  if (remaining !== undefined || retryAfter === null) return remaining;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
