import { describe, expect, expectTypeOf, it } from 'vitest';
import { createJsonStore } from '../../../functions/platform/json-store.ts';
import { createRecordStore } from '../../../functions/run/record.ts';
import { claimedRecord, storedRecord } from '../records.ts';
import { ASSETS, openS3 } from '../s3-endpoint.ts';
import { mayEnd, mayFollow, type Next, nextStep, type Phase, TRANSITIONS } from '../../../functions/run/lifecycle.ts';

describe('the table of transitions', () => {
  it('lets nothing leave stored or rejected', () => {
    expect(TRANSITIONS.stored).toEqual(['stored']);
    expect(TRANSITIONS.rejected).toEqual(['rejected']);
  });

  it('lets a job be found only for a run that has sent', () => {
    const before = Object.keys(TRANSITIONS).filter((from) => mayFollow(from as Phase, 'submitted'));

    expect(before).toEqual(['claimed', 'sending', 'submitted']);
  });

  it('is known to the compiler: an illegal step does not compile', () => {
    expectTypeOf<Next<'stored'>>().toEqualTypeOf<'stored'>();
    expectTypeOf<Next<'sending'>>().toEqualTypeOf<'claimed' | 'submitted'>();
    expectTypeOf<Next<'submitted' | 'failed'>>().toEqualTypeOf<'stored' | 'failed'>();
    expectTypeOf<Next<Phase>>().toBeNever();
  });

  it('is known to the record store: an illegal step throws and writes nothing', async () => {
    const s3 = await openS3();
    const records = createRecordStore(createJsonStore(s3.s3, ASSETS));
    const stored = await records.create({ ...storedRecord(), reusedFrom: 'earlier' });
    if (!stored) throw new Error('not created');

    const back = records.end(stored, { ...stored.record, phase: 'rejected' } as never);

    await expect(back).rejects.toThrow('cannot go from stored to rejected');
    expect((await records.read(stored.record.runId))?.record.phase).toBe('stored');
  });
});

describe('the end of a run', () => {
  it.each([
    ['none', 'rejected', false, true],
    ['claimed', 'failed', false, true],
    ['claimed', 'stored', false, true],
    ['sending', 'failed', false, false],
    ['sending', 'failed', true, false],
    ['submitted', 'stored', true, true],
    ['submitted', 'failed', false, false],
    ['failed', 'stored', true, true],
    ['failed', 'failed', true, false],
    ['claimed', 'stored', true, false],
  ] as const)('from %s as %s, by somebody who knows its job (%s): %s', (from, to, hasJob, allowed) => {
    expect(mayEnd(from, to, hasJob)).toBe(allowed);
  });
});

describe('the next step of SubmitJob', () => {
  it.each([
    ['without a record, reads and claims the image', undefined, false, 'prepare'],
    ['for a claim of an earlier invocation, reads the image', 'claimed', false, 'prepare'],
    ['for a claim with the image in hand, submits it', 'claimed', true, 'submit'],
    ['for a send of unknown outcome, looks for its job', 'sending', true, 'reconcile'],
    ['with a job, starts the execution', 'submitted', true, 'start-generation'],
    ['after the end, announces it', 'rejected', false, 'republish'],
  ] as const)('%s', (_, phase, isPrepared, step) => {
    const run = phase && { phase, attempts: 0, sends: [] };

    expect(nextStep(run, isPrepared)).toBe(step);
  });

  it('is nothing once the end is announced', () => {
    expect(nextStep({ phase: 'stored', attempts: 0, sends: [], announced: true }, false)).toBe('finish');
  });

  const input = { kind: 'input', own: true };

  it('is to look in the job list while a refused send is not settled, whatever else there is to do', () => {
    const run = { ...claimedRecord(), attempts: 5, sends: [{ noJob: true as const }, { refusal: input }] };

    expect(nextStep(run, true)).toBe('reconcile');
  });

  it('is to reject a run whose input Scenario itself refused, once no job can have come of it', () => {
    const settled = (refusal: typeof input) => ({ ...claimedRecord(), sends: [{ noJob: true as const, refusal }] });

    expect(nextStep(settled(input), true)).toBe('reject');
    expect(nextStep(settled({ ...input, own: false }), true)).toBe('submit');
    expect(nextStep(settled({ ...input, kind: 'busy' }), true)).toBe('submit');
  });

  it('is to give up after five unexpected errors, whatever is in hand', () => {
    expect(nextStep({ ...claimedRecord(), attempts: 5 }, true)).toBe('give-up');
    expect(nextStep({ ...claimedRecord(), attempts: 4 }, true)).toBe('submit');
  });
});
