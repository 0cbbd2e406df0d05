import { describe, expect, it } from 'vitest';
import { settingsInContext } from '../../../infra/settings/context.ts';
import { readSettings } from '../../../infra/settings/settings.ts';

describe('the settings in the CDK context', () => {
  it.each([
    ['cdk.json', { meshdrop: { maxCuPerRun: 5 } }],
    ["-c 'meshdrop={…}'", { meshdrop: '{"maxCuPerRun":5}' }],
    ['-c meshdrop.maxCuPerRun=5', { meshdrop: {}, 'meshdrop.maxCuPerRun': '5' }],
    ['a single one over cdk.json', { meshdrop: { maxCuPerRun: 7 }, 'meshdrop.maxCuPerRun': '5' }],
  ])('come from %s', (_, context) => {
    expect(readSettings(settingsInContext(context)).maxCuPerRun).toBe(5);
  });

  it('are the defaults if there are none, whatever else is in the context', () => {
    expect(settingsInContext({ '@aws-cdk/core:something': true, meshdropper: 'x' })).toEqual({});
  });

  it('can be words, lists, and objects on the command line', () => {
    const context = {
      'meshdrop.stage': 'staging',
      'meshdrop.ignoreNames': '["*.psd"]',
      'meshdrop.maxCuPerDay': 'none',
      'meshdrop.memory': '{"StoreAssets":1024}',
      'meshdrop.tracing': 'false',
    };

    expect(readSettings(settingsInContext(context))).toMatchObject({
      stage: 'staging',
      ignoreNames: ['*.psd'],
      maxCuPerDay: 'none',
      memory: { StoreAssets: 1024 },
      tracing: false,
    });
  });

  it('are refused by the nearest name', () => {
    expect(() => readSettings(settingsInContext({ 'meshdrop.maxCuPerRunn': '5' }))).toThrow(
      'maxCuPerRunn: there is no such setting, did you mean maxCuPerRun?',
    );
  });

  it.each(['maxCuPerRun=5', '5', '["a"]'])('are refused if they are no object: -c meshdrop=%s', (given) => {
    expect(() => settingsInContext({ meshdrop: given })).toThrow('use -c \'meshdrop={"maxCuPerRun":5}\'');
  });
});
