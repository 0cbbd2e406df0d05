import { NO_FAULTS, PROTOCOL, type Rules } from './paying.ts';

/** A part of the model to explore: the protocol itself, or the protocol without one of its rules. */
export interface Setting {
  readonly name: string;
  readonly rules: Rules;
  /** What has to be found. Undefined if the protocol is whole. */
  readonly breaks?: string;
  /** Explored in seconds. */
  readonly isSmall: boolean;
}

type Change = Partial<Rules>;

const ALWAYS = 9;
const one: Change = { uploads: 1, deliveries: 3, atOnce: 2 };
const oneRefused: Change = { ...one, budget: { ...NO_FAULTS, inputRefusals: 1, refusals: 1, crashes: ALWAYS } };
const two: Change = { uploads: 2, deliveries: 2, atOnce: 2, budget: NO_FAULTS };
const twoRefused: Change = { ...two, budget: { ...NO_FAULTS, refusals: 1 } };
const twoLost: Change = { ...two, budget: { ...NO_FAULTS, lostAnswers: 1 } };
const twoFailing: Change = { ...two, budget: { ...NO_FAULTS, costlyFailures: 1, failures: 1 } };
const blinking: Change = { ...one, budget: { ...PROTOCOL.budget, blinks: 1 } };

const UPLOAD_TWICE = 'an upload is paid twice';
const PICTURE_TWICE = 'a picture is paid twice';
const LEDGER = 'the ledger is below what was charged';

function whole(name: string, change: Change): Setting {
  return { name, rules: { ...PROTOCOL, ...change }, isSmall: change.uploads === 1 };
}

function without(rule: keyof Rules, name: string, change: Change, breaks: string): Setting {
  const off = rule === 'looks' ? { looks: 1 as const } : { [rule]: false };
  return { name, rules: { ...PROTOCOL, ...change, ...off }, breaks, isSmall: change.uploads === 1 };
}

export const SETTINGS: readonly Setting[] = [
  whole('one upload, three deliveries, two at once, crashes everywhere', one),
  whole('the same, and Scenario refuses the input', oneRefused),
  whole('two uploads of one picture', two),
  whole('the same, and a send is refused', twoRefused),
  whole('the same, and an answer is lost', twoLost),
  whole('the same, and jobs fail, with and without a refund', twoFailing),
  without('looksAfterRefusal', 'a refusal is believed', one, UPLOAD_TWICE),
  without('looks', 'one look proves absence, and a list is empty for a moment', blinking, UPLOAD_TWICE),
  without('waitsForList', "a look after a refusal does not wait for the list's lag", one, UPLOAD_TWICE),
  without('waitsForGateway', "a gateway's refusal is settled like Scenario's own", one, UPLOAD_TWICE),
  without('waitsForLost', 'a look does not wait for a lost request', one, UPLOAD_TWICE),
  without(
    'provesBeforeEnd',
    'a refused input ends the run at once',
    oneRefused,
    'a run ends as rejected while its own job exists',
  ),
  without('looksBeforeReuse', 'the index is read while a send is open', twoRefused, UPLOAD_TWICE),
  without('renewsLast', 'the owner does not renew the index before it sends', two, PICTURE_TWICE),
  without('agesByIndex', "a waiter takes over by the age of the owner's record", two, PICTURE_TWICE),
  without('looksForOwner', "a waiter takes over without a look for the owner's job", twoLost, PICTURE_TWICE),
  without('sparesSubmitted', 'a waiter takes over from an owner with a job', two, PICTURE_TWICE),
  without('endsWithOwner', 'a waiter buys again after a failure that cost money', twoFailing, PICTURE_TWICE),
  without('reservesFirst', 'the price is reserved after the send', one, LEDGER),
  without('reservesBySend', 'the ledger counts runs instead of sends', one, LEDGER),
  without('creditsProvedOnly', 'all open reservations are given back', one, LEDGER),
];
