import { expect, it } from 'vitest';
import { PARTS, readCampaign } from './campaign/campaign-command.ts';

it('plays all parts from the seed 1 by default', () => {
  expect(readCampaign([])).toEqual({
    histories: 2000,
    seed: 1,
    parts: PARTS,
    uploads: 1000,
    kills: 50,
    hours: 24,
    workers: 2,
  });
});

it('plays one part with the given count and seed', () => {
  expect(readCampaign(['--only', 'histories', '--histories=10', '--seed', '7'])).toMatchObject({
    parts: ['histories'],
    histories: 10,
    seed: 7,
  });
});

it.each([
  ['--histroies=5', 'there is no option --histroies, did you mean --histories?'],
  ['--only=crsh', 'did you mean crash?'],
  ['--seed=many', '--seed many: use a whole number'],
  ['crash', "Unexpected argument 'crash'"],
])('refuses %s with a message that says what to do', (argument, said) => {
  expect(() => readCampaign([argument])).toThrow(said);
});
