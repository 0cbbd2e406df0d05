import { type Phase, TRANSITIONS } from '../../functions/run/lifecycle.ts';

/** Why a run changes its phase. A phase that follows itself is not a step. */
const REASONS: Readonly<Record<string, string>> = {
  'none claimed': 'created, only if there is none',
  'none rejected': 'not an image, bad parameters',
  'none failed': 'upload deleted',
  'none stored': 'reused',
  'claimed sending': 'one winner',
  'claimed submitted': 'a refused send was taken',
  'claimed rejected': 'refused by Scenario, too expensive',
  'claimed failed': 'upload deleted, five errors',
  'claimed stored': 'reused',
  'sending submitted': 'a job ID, received or found',
  'sending claimed': 'refused, or proved that no job came of it',
  'submitted stored': 'files copied',
  'submitted failed': 'execution ended without a model',
  'failed stored': 'redriven',
};

/** Returns the state diagram of docs/reliability.md, generated from the table that the record store enforces. */
export function lifecyclePicture(): string {
  const steps = Object.entries(TRANSITIONS).flatMap(([from, next]: [string, readonly Phase[]]) =>
    next.filter((to) => to !== from).map((to) => `  ${from === 'none' ? '[*]' : from} --> ${to}: ${reason(from, to)}`),
  );
  return ['```mermaid', 'stateDiagram-v2', '  direction LR', ...steps, '```'].join('\n');
}

function reason(from: string, to: string): string {
  const found = REASONS[`${from} ${to}`];
  if (found === undefined)
    throw new Error(`test/docs/lifecycle-picture.ts: add the reason for the step from ${from} to ${to}`);
  return found;
}
