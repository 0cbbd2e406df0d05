import { describe, expect, it, onTestFinished } from 'vitest';
import { tripo31 } from '../../functions/models/tripo-3-1.ts';
import type { StandInOptionsInput } from '../../local/scenario/moods/options.ts';
import { startStandIn } from '../../local/scenario/server.ts';
import { checkScenario, type ScenarioCheck } from '../../operator/doctor/check-scenario.ts';
import type { Finding } from '../../operator/doctor/finding.ts';
import { virtualTime } from '../functions/virtual-time.ts';

const AT = Date.UTC(2026, 10, 1);

async function examined(options: StandInOptionsInput = {}, more: Partial<ScenarioCheck> = {}) {
  const time = virtualTime();
  const standIn = await startStandIn({ apiKey: 'key', apiSecret: 'secret', now: time.now, options });
  onTestFinished(() => standIn.close());
  const findings = await checkScenario({
    url: standIn.url,
    apiKey: 'key',
    apiSecret: 'secret',
    model: tripo31,
    defaults: {},
    resultHosts: [],
    maxCuPerRun: 150,
    clock: { ...time, now: Date.now },
    fetch,
    ...more,
  });
  return { of: (check: string) => findings.find((one) => one.check === check), findings, ledger: standIn.ledger() };
}

const problems = (findings: readonly Finding[]) =>
  findings.filter(({ status }) => status === 'problem').map(({ check }) => check);

describe('the doctor at Scenario', () => {
  it('finds nothing wrong with an account that works, and buys nothing', async () => {
    const { findings, ledger, of } = await examined();

    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(of('price')?.message).toBe('an image with your defaults costs 37.5 compute units');
    expect(ledger).toMatchObject({ jobs: [], cuCharged: 0 });
  });

  it('sees a wrong key, and asks for nothing else', async () => {
    const { findings, of } = await examined({}, { apiSecret: 'wrong' });

    expect(of('credentials')).toMatchObject({ status: 'problem', fix: 'store a valid key: npx meshdrop secret' });
    expect(new Set(findings.slice(1).map(({ status }) => status))).toEqual(new Set(['skipped']));
  });

  it('sees that nobody answers', async () => {
    const { of } = await examined({}, { url: 'http://127.0.0.1:9/v1' });

    expect(of('credentials')?.message).toContain('127.0.0.1:9 does not answer');
  });

  it('sees a retired model', async () => {
    const { of } = await examined({ modelTags: ['3d', 'deprecated:model_tripo-v4'] });

    expect(of('model')).toMatchObject({
      status: 'problem',
      message: 'the model tripo-3-1 is retired (deprecated:model_tripo-v4)',
    });
  });

  it('sees a model that Scenario does not know', async () => {
    const { of } = await examined({}, { model: { ...tripo31, id: 'model_gone' } });

    expect(of('model')?.message).toBe('Scenario does not know the model model_gone');
    expect(of('price')).toMatchObject({ status: 'problem' });
  });

  it('sees parameters that the model has lost', async () => {
    const inputs = { ...tripo31.inputs, sparkle: { kind: 'boolean', default: false, describe: 'sparkles' } } as const;
    const { of } = await examined({}, { model: { ...tripo31, inputs } });

    expect(of('model')).toMatchObject({ status: 'warning', message: expect.stringContaining('sparkle') as string });
  });

  it('sees that Scenario gives no price', async () => {
    const { of } = await examined({ faults: [{ on: 'dryRun', what: 'answer', status: 402, body: '{}', times: 20 }] });

    expect(of('price')).toMatchObject({
      status: 'problem',
      fix: 'check the plan, the credits, and the access to the model',
    });
  });

  it('sees defaults that cost more than one image may', async () => {
    const { of } = await examined({}, { defaults: { textureQuality: 'extreme' }, maxCuPerRun: 38 });

    expect(of('price')).toMatchObject({
      status: 'problem',
      message: expect.stringMatching(/costs .* and maxCuPerRun is 38: all are rejected/) as string,
    });
  });

  it('sees a clock that is wrong', async () => {
    const { of } = await examined({}, { clock: { ...virtualTime(), now: () => AT } });

    expect(of('clock')).toMatchObject({ status: 'problem', fix: expect.stringContaining('set the clock') as string });
  });

  it('sees that others use up the limit of requests', async () => {
    const { of } = await examined({ faults: [{ on: 'listJobs', what: 'too-many-requests', retryAfterSeconds: 1 }] });

    expect(of('requests')).toMatchObject({ status: 'warning', fix: 'give Meshdrop a project and a key of its own' });
  });

  it('sees an API that fails', async () => {
    const { findings } = await examined({ faults: [{ on: 'getModel', what: 'server-error', as: 'html' }] });

    expect(problems(findings)).toContain('credentials');
  });
});
