import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { callFree, callPaid } from '../../../functions/scenario/http.ts';
import { credentialsOf } from '../credentials.ts';
import { openServer, type Got, type Said } from '../scripted-server.ts';
import { virtualTime } from '../virtual-time.ts';

const GET = { method: 'GET', path: '/jobs/job_1' } as const;
const POST = { method: 'POST', path: '/generate/custom/m', body: { image: 'asset_1' } } as const;
const SECRET = 'hunter2-hunter2';

async function open(answer: (got: Got, index: number) => Said, ...secrets: readonly string[]) {
  const { origin, requests } = await openServer(answer);
  const time = virtualTime();
  const credentials = credentialsOf(...(secrets.length > 0 ? secrets : [SECRET]));
  return { requests, credentials, time, connection: { url: `${origin}/v1`, credentials, fetch, clock: time } };
}

/** The error that a call throws. */
async function thrown(call: Promise<unknown>): Promise<Error & { retryAfterSeconds?: number }> {
  const error = await call.then(
    () => new Error('nothing was thrown'),
    (caught: unknown) => caught,
  );
  if (!(error instanceof Error)) throw new Error('no error was thrown');
  return error;
}

describe('a request', () => {
  it('carries Basic credentials and JSON', async () => {
    const { connection, requests } = await open(() => ({ status: 200, body: { ok: true } }));

    const answer = await callFree({ ...POST, path: '/assets?x=1' }, connection);

    expect(answer).toMatchObject({ status: 200, body: { ok: true } });
    expect(requests[0]).toMatchObject({ method: 'POST', url: '/v1/assets?x=1' });
    expect(requests[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from(`key:${SECRET}`).toString('base64')}`,
      'content-type': 'application/json',
    });
    expect(JSON.parse(requests[0]?.body.toString() ?? '')).toEqual({ image: 'asset_1' });
  });
});

describe('a refusal', () => {
  it.each<[form: string, status: number, body: unknown, name: string, words: string]>([
    [
      'a reason and other fields',
      400,
      { reason: 'Input prompt is required', trace_id: 't' },
      'ScenarioInputError',
      'Input prompt is required',
    ],
    [
      'a message and other fields',
      400,
      { status: 'error', code: 'INVALID_PARAMETER', message: 'bad seed' },
      'ScenarioInputError',
      'bad seed',
    ],
    ['an error that is text', 400, { error: 'bad' }, 'ScenarioInputError', 'bad'],
    ['an error with a message', 400, { error: { message: 'worse' } }, 'ScenarioInputError', 'worse'],
    ['a detail', 400, { detail: 'in detail' }, 'ScenarioInputError', 'in detail'],
    ['a reason that is a number, and a message', 400, { reason: 1, message: 'second' }, 'ScenarioInputError', 'second'],
    ['plain text', 400, 'plain  text', 'ScenarioInputError', 'plain text'],
    ['nothing', 400, '', 'ScenarioInputError', 'status 400'],
    ['an array', 400, [], 'ScenarioInputError', '[]'],
    ['a message', 413, { message: 'Request Too Long' }, 'ScenarioInputError', 'Request Too Long'],
    ['a reason', 422, { reason: 'no' }, 'ScenarioInputError', 'no'],
    ['a reason', 401, { reason: 'Unauthorized' }, 'ScenarioAccountError', 'Unauthorized'],
    ['a reason', 402, { reason: 'pay' }, 'ScenarioAccountError', 'pay'],
    [
      'a reason and a name',
      403,
      { reason: 'You are not allowed', name: 'ModelAccessRestrictedError' },
      'ScenarioAccountError',
      'You are not allowed',
    ],
    ['a message', 403, { message: 'API Keys cannot access protected resources' }, 'ScenarioAccountError', 'API Keys'],
    ['a reason', 404, { reason: 'Job job_1 not found' }, 'ScenarioNotFoundError', 'Job job_1 not found'],
    [
      'a reason and a limit',
      429,
      { reason: 'full', details: { actionName: 'a', actionLimit: 5 } },
      'ScenarioBusyError',
      'full',
    ],
    ['plain text', 429, 'Too Many Requests', 'ScenarioBusyError', 'Too Many Requests'],
    [
      'a reason about a quota',
      429,
      { reason: 'Request quota exceeded' },
      'ScenarioBusyError',
      'Request quota exceeded',
    ],
  ])('with %s and the status %i becomes an error with its words', async (_, status, body, name, words) => {
    const { connection } = await open(() => ({ status, body }));

    for (const call of [callFree, callPaid]) {
      const error = await thrown(call(POST, connection));
      expect(error.name).toBe(name);
      expect(error.message).toContain(words);
    }
  });

  it.each([
    'Insufficient credits',
    'You have no compute units left',
    'Your quota is used up',
    'Insufficient credits to generate this model',
    'Not enough compute units for this generation',
    'Insufficient credits for this request',
    `insufficient_credits:oak-${'0a'.repeat(16)}.png`,
    `NotEnoughCredits(asset=oak-${'0a'.repeat(16)})`,
  ])('that says "%s" is about the account, with any status', async (reason) => {
    for (const status of [400, 402, 403, 422, 429]) {
      const { connection } = await open(() => ({ status, body: { reason } }));
      expect((await thrown(callPaid(POST, connection))).name, `${status}`).toBe('ScenarioAccountError');
    }
  });

  it.each([
    'Insufficient image resolution',
    'Insufficient detail in the image',
    `credit-card-${'0a'.repeat(16)}.png is not an image`,
  ])('that says "%s" is about the image', async (reason) => {
    const { connection } = await open(() => ({ status: 400, body: { reason } }));

    expect((await thrown(callPaid(POST, connection))).name).toBe('ScenarioInputError');
  });

  it.each([
    ['in its body', { body: { reason: 'r', remainingSeconds: 612 } }, 612],
    ['in its details', { body: { reason: 'r', details: { remainingSeconds: 7.5 } } }, 7.5],
    ['in a header of seconds', { body: { reason: 'r' }, headers: { 'retry-after': '30' } }, 30],
    [
      'in a header with a date',
      { body: { reason: 'r' }, headers: { 'retry-after': 'Mon, 05 Oct 2026 10:01:00 GMT' } },
      60,
    ],
    ['not in a header of words', { body: { reason: 'r' }, headers: { 'retry-after': 'soon' } }, undefined],
    ['nowhere', { body: { reason: 'r' } }, undefined],
  ])('says how long to wait %s', async (_, said, seconds) => {
    const { connection } = await open(() => ({ status: 429, ...said }));

    expect((await thrown(callFree(GET, connection))).retryAfterSeconds).toBe(seconds);
  });
});

describe('a free call', () => {
  it.each([500, 502, 503, 504, 408, 409])('is retried after %i', async (status) => {
    const { connection, requests, time } = await open((_, index) =>
      index < 2 ? { status, body: '<html>' } : { status: 200, body: {} },
    );

    await callFree(GET, connection);

    expect(requests).toHaveLength(3);
    expect(time.slept).toHaveLength(2);
  });

  it('is sent three times if the connection is reset', async () => {
    const { connection, requests } = await open(() => 'cut');

    const error = await thrown(callFree(GET, connection));

    expect(error.name).toBe('ScenarioUnavailableError');
    expect(requests).toHaveLength(3);
  });

  it('is not retried after a refusal', async () => {
    const { connection, requests } = await open(() => ({ status: 429 }));

    await thrown(callFree(GET, connection));

    expect(requests).toHaveLength(1);
  });

  it('renews the credentials once after a 401', async () => {
    const { connection, requests, credentials } = await open(
      ({ headers }) => ({ status: headers['authorization'] === `Basic ${btoa('key:new')}` ? 200 : 401 }),
      'old',
      'new',
    );

    await callFree(GET, connection);

    expect(requests).toHaveLength(2);
    expect(credentials.drops()).toBe(1);
  });

  it('fails if Scenario also refuses the renewed credentials', async () => {
    const { connection, requests } = await open(() => ({ status: 401 }), 'old', 'also-old');

    expect((await thrown(callFree(GET, connection))).name).toBe('ScenarioAccountError');
    expect(requests).toHaveLength(2);
  });

  it('follows no redirect, because that would send the credentials elsewhere', async () => {
    const elsewhere = await openServer(() => ({ status: 200, body: {} }));
    const { connection } = await open(() => ({ status: 302, headers: { location: elsewhere.origin } }));

    expect((await thrown(callFree(GET, connection))).name).toBe('ScenarioUnavailableError');
    expect(elsewhere.requests).toHaveLength(0);
  });

  it('accepts the status 269', async () => {
    const { connection } = await open(() => ({ status: 269, body: { creativeUnitsCost: 1 } }));

    expect(await callFree(GET, connection)).toMatchObject({ status: 269 });
  });
});

describe('the paid call', () => {
  const uncertain: readonly (readonly [string, Said])[] = [
    ['500', { status: 500 }],
    ['502', { status: 502, body: '<html>' }],
    ['503', { status: 503 }],
    ['504', { status: 504 }],
    ['408', { status: 408 }],
    ['409', { status: 409 }],
    ['a reset', 'cut'],
    ['an answer that is cut off', { status: 200, headers: { 'content-length': '99' }, body: '{', cutAfter: true }],
    ['301', { status: 301, headers: { location: '/v1/x' } }],
    ['302', { status: 302, headers: { location: '/v1/x' } }],
    ['307', { status: 307, headers: { location: '/v1/x' } }],
    ['308', { status: 308, headers: { location: '/v1/x' } }],
  ];
  it.each(uncertain)('is sent exactly once and is uncertain after %s', async (_, said) => {
    const { connection, requests, time } = await open(() => said);

    expect((await thrown(callPaid(POST, connection))).name).toBe('SubmissionUncertainError');

    expect(requests).toHaveLength(1);
    expect(time.slept).toEqual([]);
  });

  it.each([400, 401, 402, 403, 404, 413, 422, 429])('is sent exactly once after the refusal %i', async (status) => {
    const headers = { 'retry-after': '0', 'www-authenticate': 'Basic realm="x"' };
    const { connection, requests } = await open(() => ({ status, headers }));

    expect((await thrown(callPaid(POST, connection))).name).not.toBe('SubmissionUncertainError');

    expect(requests).toHaveLength(1);
  });

  it('is uncertain if no answer comes in time', async () => {
    const { connection } = await open(() => ({ status: 200 }));
    let sent = 0;
    const hanging: typeof fetch = async () => {
      sent += 1;
      throw new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    };

    const error = await thrown(callPaid(POST, { ...connection, fetch: hanging }));

    expect(error.name).toBe('SubmissionUncertainError');
    expect(error.message).toContain('TimeoutError');
    expect(sent).toBe(1);
  });

  it('drops the credentials after a 401, so that the next call reads them again', async () => {
    const { connection, credentials } = await open(() => ({ status: 401 }));

    await thrown(callPaid(POST, connection));

    expect(credentials.drops()).toBe(1);
  });

  it('was not sent if the connection is refused', async () => {
    const { connection } = await open(() => ({ status: 200 }));
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));

    const error = await thrown(callPaid(POST, { ...connection, url: `http://127.0.0.1:${port}/v1` }));

    expect(error.name).toBe('ScenarioUnavailableError');
  });

  it.each(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED'])('was not sent if the connection fails with %s', async (code) => {
    const { connection } = await open(() => ({ status: 200 }));
    const failing = () =>
      Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(), { code }) }));

    expect((await thrown(callPaid(POST, { ...connection, fetch: failing }))).name).toBe('ScenarioUnavailableError');
  });

  it.each(['EHOSTUNREACH', 'ENETUNREACH'])('is uncertain if reading or writing fails with %s', async (code) => {
    const { connection } = await open(() => ({ status: 200 }));
    const cause = Object.assign(new Error(), { code, syscall: 'read' });
    const failing = () => Promise.reject(new TypeError('fetch failed', { cause }));

    expect((await thrown(callPaid(POST, { ...connection, fetch: failing }))).name).toBe('SubmissionUncertainError');
  });
});

describe('credentials', () => {
  it.each([400, 401, 403, 404, 429, 500])('never appear in an error (%i)', async (status) => {
    const { connection } = await open(() => ({ status, body: { reason: 'no' } }));

    for (const call of [callFree, callPaid]) {
      const error = await thrown(call(POST, connection));
      const everything = `${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;
      expect(everything).not.toContain(SECRET);
      expect(everything).not.toContain(Buffer.from(`key:${SECRET}`).toString('base64'));
    }
  });

  it('never appear in a network error', async () => {
    const { connection } = await open(() => 'cut');
    const leaking = () => Promise.reject(new TypeError(`bad header Basic ${SECRET}`));

    for (const call of [callFree, callPaid]) {
      const error = await thrown(call(POST, { ...connection, fetch: leaking }));
      expect(`${error.stack} ${String(error.cause)}`).not.toContain(SECRET);
    }
  });
});
