import { describe, expect, it } from 'vitest';
import { virtualStandIn } from './virtual-stand-in.ts';

describe('the request limit', () => {
  it('allows 100 requests in any minute, and sends Retry-After only if the option is set', async () => {
    const standIn = await virtualStandIn();
    const get = () => standIn.call('GET', '/v1/jobs');
    for (let i = 0; i < 50; i++) await get();
    standIn.pass(30);
    for (let i = 0; i < 50; i++) await get();

    const refused = await get();
    standIn.setOptions({ retryAfter: true });
    const refusedAgain = await get();
    standIn.pass(30);
    const admitted = await get();

    expect([refused.status, refused.body]).toEqual([429, { message: 'Too Many Requests' }]);
    expect(refused.headers).not.toHaveProperty('retry-after');
    expect(refusedAgain.headers['retry-after']).toBe('30');
    expect(admitted.status).toBe(200);
    expect(standIn.ledger()).toMatchObject({ maxRequestsInAnyWindow: 102, refusals: { rate: 2 } });
  });
});

describe('the concurrency ceiling', () => {
  it('states its number, and accepts a job when another ends', async () => {
    const standIn = await virtualStandIn({ concurrencyCeiling: 2, jobSeconds: 60 });
    const image = await standIn.image();
    await standIn.submit({ image });
    standIn.pass(30);
    await standIn.submit({ image });

    const refused = await standIn.submit({ image });
    standIn.pass(30);
    const admitted = await standIn.submit({ image });

    expect(refused.status).toBe(429);
    expect(refused.body['details']).toEqual({ actionName: 'custom-generation', actionLimit: 2 });
    expect(admitted.status).toBe(200);
    expect(standIn.ledger().jobs).toHaveLength(3);
  });

  it('applies to simultaneous submissions', async () => {
    const standIn = await virtualStandIn({ concurrencyCeiling: 2 });
    const image = await standIn.image();

    const answers = await Promise.all(Array.from({ length: 8 }, () => standIn.submit({ image })));

    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(2);
    expect(standIn.ledger().jobs).toHaveLength(2);
  });
});

describe('the cooldown', () => {
  it('follows a burst, counts down, and ends', async () => {
    const standIn = await virtualStandIn({
      jobSeconds: 1,
      cooldown: { runs: 3, perSeconds: 600, remainingSeconds: 100 },
    });
    const image = await standIn.image();
    for (let i = 0; i < 3; i++) {
      await standIn.submit({ image });
      standIn.pass(10);
    }

    const first = await standIn.submit({ image });
    standIn.pass(60);
    standIn.setOptions({ cooldownFieldIn: 'details' });
    const second = await standIn.submit({ image });
    standIn.pass(40);
    const third = await standIn.submit({ image });

    expect([first.status, first.body['remainingSeconds']]).toEqual([429, 100]);
    expect(second.body['details']).toEqual({ remainingSeconds: 40 });
    expect(third.status).toBe(200);
  });
});

describe('the credits', () => {
  it('run out, and return with a refund', async () => {
    const standIn = await virtualStandIn({
      creditsLeft: 40,
      faults: [{ on: 'generate', what: 'fails' }],
    });
    const image = await standIn.image();
    await standIn.submit({ image });

    const refused = await standIn.submit({ image });
    standIn.pass(10);
    const admitted = await standIn.submit({ image });

    expect(refused.status).toBe(402);
    expect(refused.body['reason']).toMatch(/insufficient/i);
    expect(admitted.status).toBe(200);
    expect(standIn.ledger()).toMatchObject({ cuCharged: 75, cuRefunded: 37.5, refusals: { credits: 1 } });
  });

  it('count from the moment they are set', async () => {
    const standIn = await virtualStandIn();
    const image = await standIn.image();
    await standIn.submit({ image });

    standIn.setOptions({ creditsLeft: 37.5, outOfCreditsStatus: 403 });
    standIn.setOptions({ jobSeconds: 3 });

    expect((await standIn.submit({ image })).status).toBe(200);
    expect((await standIn.submit({ image })).status).toBe(403);
  });
});
