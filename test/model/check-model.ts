import { explore } from './explore.ts';
import { keyOf, startOf, stepsFrom } from './paying.ts';
import { type Setting, SETTINGS } from './settings.ts';

/** Enough for every setting. */
const MAX_STATES = 6_000_000;

export function check({ rules, breaks: goal }: Setting) {
  return explore(startOf(rules), (state) => stepsFrom(state, rules), keyOf, { maxStates: MAX_STATES, goal });
}

/** What is not as it has to be. Undefined if nothing is. */
export function shortcoming({ breaks }: Setting, { broken, isComplete }: ReturnType<typeof check>): string | undefined {
  if (breaks !== undefined) return broken.has(breaks) ? undefined : `it does not find that ${breaks}`;
  const [story] = broken;
  if (story) return `${story[0]}: ${story[1].join(' · ')}`;
  return isComplete ? undefined : 'there are more states than it may visit';
}

if (import.meta.main) {
  const [only = ''] = process.argv.slice(2);
  for (const setting of SETTINGS.filter(({ name }) => name.includes(only))) {
    const begun = performance.now();
    const found = check(setting);
    const wrong = shortcoming(setting, found);
    const seconds = ((performance.now() - begun) / 1000).toFixed(0);
    const what = wrong ?? ([...found.broken.keys()].join(', ') || 'nothing is broken');
    process.stdout.write(
      `${found.states.toLocaleString('en').padStart(10)} states ${seconds.padStart(4)} s  ${setting.name}: ${what}\n`,
    );
    if (wrong !== undefined) process.exitCode = 1;
  }
}
