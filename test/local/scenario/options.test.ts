import { describe, expect, it } from 'vitest';
import { BadOptionError, KNOBS, parseOptions, patchedOptions } from '../../../local/scenario/moods/options.ts';
import { wordsFirst } from '../../words-first.ts';

describe('the options', () => {
  it('all have a default and a description', () => {
    const options = parseOptions({});

    expect(options).toMatchObject({
      jobSeconds: 8,
      requestsPerWindow: 100,
      windowSeconds: 60,
      concurrencyCeiling: 5,
      cooldown: null,
      dryRunStatus: 269,
      dryRunPays: false,
      inlineLimitBytes: 6_000_000,
      prices: { textured: 37.5 },
      faults: [],
    });
    expect(Object.entries(KNOBS).filter(([, meaning]) => meaning === '')).toEqual([]);
  });

  it.each(
    wordsFirst<[object]>([
      [{ jobSecond: 1 }, 'unknown option "jobSecond": did you mean "jobSeconds"?'],
      [{ jobSeconds: -1 }, 'jobSeconds: -1'],
      [{ dryRunStatus: 201 }, 'dryRunStatus: 201'],
      [{ gltfPadBytes: 3 }, 'gltfPadBytes: 3'],
      [{ prices: { textues: 1 } }, 'did you mean "textured"?'],
      [{ faults: [{ on: 'getJob', what: 'cut-befor' }] }, 'did you mean "cut-before"?'],
      [{ faults: [{ on: 'getJobs', what: 'cut-before' }] }, 'did you mean "getJob"?'],
      [{ faults: [{ on: 'getJob', what: 'cut-before', time: 2 }] }, 'did you mean "times"?'],
      [{ faults: [{ on: 'getJob', what: 'two-jobs' }] }, 'faults.0.on'],
    ]),
  )('refuse an invalid value with a message: %s', (sentence, input) => {
    expect(() => parseOptions(input)).toThrow(BadOptionError);
    expect(() => parseOptions(input)).toThrow(sentence);
  });

  it('change one by one, and return to the default with null', () => {
    const changed = patchedOptions(parseOptions({ jobSeconds: 3 }), { listLagSeconds: 4 });
    const back = patchedOptions(changed, { jobSeconds: null });

    expect(changed).toMatchObject({ jobSeconds: 3, listLagSeconds: 4 });
    expect(back).toMatchObject({ jobSeconds: 8, listLagSeconds: 4 });
    expect(() => patchedOptions(changed, [])).toThrow(BadOptionError);
  });
});
