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
    ['without a record, reads and claims the image', undefined, undefined, 'describe'],
    ['for a claim without a description, reads the image', 'claimed', undefined, 'describe'],
    ['for a claim that says what is asked for, submits it', 'claimed', 'reuse', 'submit'],
    ['for a send of unknown outcome, looks for its job', 'sending', 'reuse', 'reconcile'],
    ['with a job, starts the execution', 'submitted', 'reuse', 'start-generation'],
    ['after the end, announces it', 'rejected', undefined, 'republish'],
  ] as const)('%s', (_, phase, onDuplicate, step) => {
    const run = phase && { phase, attempts: 0, sends: [], onDuplicate };

    expect(nextStep(run)).toBe(step);
  });

  it('is to read the image of a claim again if it is known to be deleted', () => {
    expect(nextStep(described(), true)).toBe('describe');
    expect(nextStep({ ...described(), sends: [{}] }, true)).toBe('reconcile');
  });

  it('is nothing once the end is announced', () => {
    expect(nextStep({ phase: 'stored', attempts: 0, sends: [], announced: true })).toBe('finish');
  });

  const input = { kind: 'input', own: true };
  const described = () => ({ ...claimedRecord(), onDuplicate: 'reuse' }) as const;

  it('is to look in the job list while a refused send is not settled, whatever else there is to do', () => {
    const run = { ...described(), attempts: 5, sends: [{ noJob: true as const }, { refusal: input }] };

    expect(nextStep(run)).toBe('reconcile');
  });

  it('is to reject a run whose input Scenario itself refused, once no job can have come of it', () => {
    const settled = (refusal: typeof input) => ({ ...described(), sends: [{ noJob: true as const, refusal }] });

    expect(nextStep(settled(input))).toBe('reject');
    expect(nextStep(settled({ ...input, own: false }))).toBe('submit');
    expect(nextStep(settled({ ...input, kind: 'busy' }))).toBe('submit');
  });

  it('is to give up after five unexpected errors, whatever is in hand', () => {
    expect(nextStep({ ...described(), attempts: 5 })).toBe('give-up');
    expect(nextStep({ ...described(), attempts: 4 })).toBe('submit');
  });
});
