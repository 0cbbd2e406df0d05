import { explore } from './explore.ts';
import { keyOf, NO_FAULTS, PROTOCOL, type Rules, startOf, stepsFrom } from './paying.ts';
const show = (name: string, change: Partial<Rules>, max = 3_000_000) => {
  const rules = { ...PROTOCOL, ...change };
  const t = performance.now();
  const e = explore(startOf(rules), (s) => stepsFrom(s, rules), keyOf, max);
  console.log(
    `${name}: ${e.states} states, ${e.steps} steps, ${((performance.now() - t) / 1000).toFixed(1)} s${e.isComplete ? '' : ' CUT'} ${e.broken.size ? [...e.broken.keys()].join(' | ') : 'OK'}`,
  );
};
const [name = 'all'] = process.argv.slice(2);
const one = { uploads: 1, deliveries: 3, atOnce: 2 };
const oneInput = { ...one, budget: { ...NO_FAULTS, inputRefusals: 1, refusals: 1, crashes: 9 } };
const two = { uploads: 2, deliveries: 2, atOnce: 2 };
const quiet = { ...two, budget: NO_FAULTS };
const twoRefused = { ...two, budget: { ...NO_FAULTS, refusals: 1 } };
const twoLost = { ...two, budget: { ...NO_FAULTS, lostAnswers: 1 } };
const costly = { ...two, budget: { ...NO_FAULTS, costlyFailures: 1, failures: 1 } };
const all: [string, Partial<Rules>][] = [
  ['one', one],
  ['oneInput', oneInput],
  ['quiet', quiet],
  ['twoRefused', twoRefused],
  ['twoLost', twoLost],
  ['costly', costly],
  ['looksAfterRefusal', { ...one, looksAfterRefusal: false }],
  ['looks', { ...one, looks: 1, budget: { ...PROTOCOL.budget, blinks: 1 } }],
  ['waitsForList', { ...one, waitsForList: false }],
  ['waitsForGateway', { ...one, waitsForGateway: false }],
  ['waitsForLost', { ...one, waitsForLost: false }],
  ['provesBeforeEnd', { ...oneInput, provesBeforeEnd: false }],
  ['looksBeforeReuse', { ...twoRefused, looksBeforeReuse: false }],
  ['renewsLast', { ...quiet, renewsLast: false }],
  ['agesByIndex', { ...quiet, agesByIndex: false }],
  ['looksForOwner', { ...twoLost, looksForOwner: false }],
  ['sparesSubmitted', { ...quiet, sparesSubmitted: false }],
  ['endsWithOwner', { ...costly, endsWithOwner: false }],
  ['reservesFirst', { ...one, reservesFirst: false }],
  ['reservesBySend', { ...one, reservesBySend: false }],
  ['creditsProvedOnly', { ...one, creditsProvedOnly: false }],
];
for (const [n, s] of all) if (name === 'all' || n === name) show(n, s);
