import { expect, it } from 'vitest';
import { check, shortcoming } from './check-model.ts';
import { SETTINGS } from './settings.ts';

// Two uploads of one picture have millions of states: `npm run model` explores them.
it.each(SETTINGS.filter(({ isSmall }) => isSmall))('$name', (setting) => {
  expect(shortcoming(setting, check(setting))).toBeUndefined();
});
