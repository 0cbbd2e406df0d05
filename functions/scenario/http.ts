import * as z from 'zod';
import {
  ScenarioAccountError,
  ScenarioBusyError,
  ScenarioInputError,
  ScenarioNotFoundError,
  ScenarioUnavailableError,
  SubmissionUncertainError,
} from '../platform/errors.ts';
import type { CredentialSource } from './credentials.ts';
import { publishable } from '../contract/failures.ts';
import { jsonIn } from '../platform/json.ts';

export interface HttpTools {
  /** Base of the API, `/v1` included. */
  readonly url: string;
  readonly credentials: CredentialSource;
  readonly fetch: typeof fetch;
  readonly sleep: (ms: number) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Call {
  readonly method: 'GET' | 'POST';
  /** Below the base, with its query: `/jobs/job_1`. */
  readonly path: string;
  readonly body?: unknown;
  /** A status beside 2xx whose body is an answer too. */
  readonly accept?: number;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const TIMEOUT_MS = 30_000;
const PAID_TIMEOUT_MS = 60_000;
const TRIES = 3;
const RETRY_MS = 500;

/**
 * A call that costs nothing: repeated when Scenario does not answer, and once with fresh credentials after a 401.
 *
 * @throws ScenarioBusyError | ScenarioAccountError | ScenarioInputError | ScenarioNotFoundError | ScenarioUnavailableError
 */
export async function callFree(call: Call, tools: HttpTools): Promise<Answer> {
  let renewed = false;
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await send(call, TIMEOUT_MS, tools);
      if (isAccepted(answer, call)) return answer;
      if (answer.status === 401 && !renewed) {
        renewed = true;
        tools.credentials.drop();
        continue;
      }
      throw refusal(call, answer, tools.now());
    } catch (error) {
      const unreachable =
        error instanceof TransportError ? new ScenarioUnavailableError(unanswered(call, error)) : error;
      if (!(unreachable instanceof ScenarioUnavailableError) || tries >= TRIES) throw unreachable;
      await tools.sleep(RETRY_MS * 2 ** tries);
    }
  }
}

/**
 * The call that costs money: sent once, whatever happens.
 *
 * @throws SubmissionUncertainError when it may have been taken; what `callFree` throws when it certainly was not
 */
export async function callPaid(call: Call, tools: HttpTools): Promise<Answer> {
  let answer: Received;
  try {
    answer = await send(call, PAID_TIMEOUT_MS, tools);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    if (neverLeft(error)) throw new ScenarioUnavailableError(unanswered(call, error));
    throw new SubmissionUncertainError(unanswered(call, error));
  }
  if (isAccepted(answer, call)) return answer;
  if (answer.status === 401) tools.credentials.drop();
  if (isDefinite(answer.status)) throw refusal(call, answer, tools.now());
  throw new SubmissionUncertainError(`Scenario answered ${answer.status} to ${call.method} ${call.path}`);
}

interface Received extends Answer {
  readonly text: string;
  readonly retryAfter: string | null;
}

async function send(call: Call, timeoutMs: number, tools: HttpTools): Promise<Received> {
  const { apiKey, apiSecret } = await tools.credentials.get();
  try {
    const response = await tools.fetch(tools.url + call.path, {
      method: call.method,
      headers: {
        authorization: `Basic ${Buffer.from(`${apiKey}:${apiSecret}`).toString('base64')}`,
        ...(call.body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      // A redirect would repeat a POST, or carry the credentials elsewhere.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await textOf(response);
    const retryAfter = response.headers.get('retry-after');
    return { status: response.status, text, body: jsonIn(text), retryAfter };
  } catch (cause) {
    throw new TransportError('no answer', { cause });
  }
}

/** A page of 200 jobs is far below this. What is longer is no answer, and would fill the memory. */
const MOST_ANSWER_BYTES = 4_000_000;

async function textOf({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const stream: AsyncIterable<Uint8Array> | null = body;
  for await (const piece of stream ?? []) {
    bytes += piece.length;
    if (bytes > MOST_ANSWER_BYTES) throw new Error(`an answer of more than ${MOST_ANSWER_BYTES} bytes`);
    pieces.push(piece);
  }
  return new TextDecoder().decode(Buffer.concat(pieces));
}

/** The network's own failure, told apart from everything that happens before a request is made. */
class TransportError extends Error {
  override readonly name = 'TransportError';
}

/** Codes of failures before a connection stood: not a byte of the request was sent. */
const BEFORE_CONNECTION = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT'];

function neverLeft(error: TransportError): boolean {
  return BEFORE_CONNECTION.includes(codeOf(error));
}

/** The deepest code or name that says what went wrong; never a text, which could hold a header. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause instanceof Error ? codeOf(error.cause) : error.name;
}

function unanswered(call: Call, error: TransportError): string {
  return `Scenario did not answer ${call.method} ${call.path}: ${codeOf(error)}`;
}

function isAccepted({ status }: Answer, { accept }: Call): boolean {
  return (status >= 200 && status < 300) || status === accept;
}

/** Nothing was taken. 408 and 409 are told to be retried by the API's own client, so they say nothing certain. */
function isDefinite(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 409;
}

const text = z.string().optional().catch(undefined);
const remainingSeconds = z.number().optional().catch(undefined);

/** Every shape of an error body that was ever seen. */
const problemSchema = z.object({
  reason: text,
  message: text,
  error: z
    .union([z.string(), z.object({ message: z.string() })])
    .optional()
    .catch(undefined),
  detail: text,
  remainingSeconds,
  details: z.object({ remainingSeconds }).optional().catch(undefined),
});

const LONGEST_REASON = 400;
const LONGEST_TEXT = 200;

function reasonIn({ status, body, text }: Received): string {
  const problem = problemSchema.safeParse(body).data;
  const error = typeof problem?.error === 'object' ? problem.error.message : problem?.error;
  const said = problem?.reason ?? problem?.message ?? error ?? problem?.detail ?? text.slice(0, LONGEST_TEXT);
  return publishable(said).replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST_REASON) || `status ${status}`;
}

/** How an empty account is told is unknown, so words decide. */
const OUT_OF_CREDITS = /credit|compute unit/i;
/** These may also speak of a request limit, or of a poor picture. */
const PERHAPS_OUT_OF_CREDITS = /quota|insufficient/i;
const SOMETHING_ELSE = /\brequests?\b|\brate\b|image|resolution|detail/i;
/** The run's id, which an image is named by: it may well be a picture of a credit card. */
const NAMES = /\b[a-z0-9-]{1,40}-[0-9a-f]{32}\b/g;

function isOutOfCredits(reason: string): boolean {
  const said = reason.replaceAll(NAMES, '');
  return OUT_OF_CREDITS.test(said) || (PERHAPS_OUT_OF_CREDITS.test(said) && !SOMETHING_ELSE.test(said));
}

/** An answer that is a refusal, as the error of its kind. */
function refusal(call: Call, answer: Received, now: number): Error {
  const reason = reasonIn(answer);
  const told = `Scenario refused ${call.method} ${call.path} with ${answer.status}: ${reason}`;
  switch (answer.status) {
    case 429:
      return isOutOfCredits(reason)
        ? new ScenarioAccountError(told)
        : new ScenarioBusyError(told, waitIn(answer, now));
    case 401:
    case 402:
    case 403:
      return new ScenarioAccountError(told);
    case 404:
      return new ScenarioNotFoundError(told);
    case 400:
    case 413:
    case 422:
      return isOutOfCredits(reason) ? new ScenarioAccountError(told) : new ScenarioInputError(reason);
    default:
      return new ScenarioUnavailableError(told);
  }
}

/** Seconds, from the body or from Retry-After (seconds or a date). */
function waitIn({ body, retryAfter }: Received, now: number): number | undefined {
  const problem = problemSchema.safeParse(body).data;
  const told = problem?.remainingSeconds ?? problem?.details?.remainingSeconds;
  if (told !== undefined) return told;
  if (retryAfter === null) return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
