import type { Step } from './explore.ts';

/**
 * How a picture is bought, as an explicit-state model: every call that leaves SubmitJob is one step, steps of several
 * invocations interleave in every order, and an invocation can die before each of them. One tick of the clock stands for
 * the shortest time that matters.
 *
 * The rules carry the numbers of docs/decisions/21. A rule that is switched off is a mutation of the protocol.
 */
export interface Rules {
  /** Uploads of the same picture. */
  readonly uploads: number;
  /** How often each upload is delivered, and how many invocations work at once. */
  readonly deliveries: number;
  readonly atOnce: number;
  /** How many of each kind Scenario, the network and people may do. */
  readonly budget: Budget;
  /** A refusal is a send like any other: only two looks prove that there is no job. */
  readonly looksAfterRefusal: boolean;
  /** Looks that find nothing, begun late enough, before a send counts as absent. */
  readonly looks: 1 | 2;
  /** A look begins late enough for the list's lag, and later still after a refusal that is not Scenario's own. */
  readonly waitsForList: boolean;
  readonly waitsForGateway: boolean;
  /** A look begins late enough for a lost request to take effect. */
  readonly waitsForLost: boolean;
  /** A refusal of the input ends the run only after the proof. */
  readonly provesBeforeEnd: boolean;
  /** The index is read only once no send of one's own is open. */
  readonly looksBeforeReuse: boolean;
  /** The owner writes the index again, as the last write before `sending`. */
  readonly renewsLast: boolean;
  /** A waiter takes over by the age of the index, not of the owner's record. */
  readonly agesByIndex: boolean;
  /** A waiter takes over only from an owner that has sent nothing, or whose sends it proves absent itself. */
  readonly looksForOwner: boolean;
  readonly sparesSubmitted: boolean;
  /** After a failure that cost money, waiters end too. */
  readonly endsWithOwner: boolean;
  /** Money is reserved before the send, under the send's own id, and given back only for a send that is proved absent. */
  readonly reservesFirst: boolean;
  readonly reservesBySend: boolean;
  readonly creditsProvedOnly: boolean;
}

export interface Budget {
  readonly refusals: number;
  readonly gatewayRefusals: number;
  readonly inputRefusals: number;
  readonly lostAnswers: number;
  /** Looks that find nothing though there is something. */
  readonly blinks: number;
  readonly crashes: number;
  readonly failures: number;
  readonly costlyFailures: number;
}

export const NO_FAULTS: Budget = {
  refusals: 0,
  gatewayRefusals: 0,
  inputRefusals: 0,
  lostAnswers: 0,
  blinks: 0,
  crashes: 0,
  failures: 0,
  costlyFailures: 0,
};

export const PROTOCOL: Rules = {
  uploads: 1,
  deliveries: 3,
  atOnce: 2,
  budget: { ...NO_FAULTS, refusals: 1, gatewayRefusals: 1, lostAnswers: 1, crashes: 9 },
  looksAfterRefusal: true,
  looks: 2,
  waitsForList: true,
  waitsForGateway: true,
  waitsForLost: true,
  provesBeforeEnd: true,
  looksBeforeReuse: true,
  renewsLast: true,
  agesByIndex: true,
  looksForOwner: true,
  sparesSubmitted: true,
  endsWithOwner: true,
  reservesFirst: true,
  reservesBySend: true,
  creditsProvedOnly: true,
};

/** Ticks: an invocation's life, the list's lag, a late effect, the bound of an uncertain send, a stale index. */
const LIFE = 3;
const LAG = 2;
const LATE = 2;
const LOST_BOUND = LIFE + LATE + LAG;
const STALE = LOST_BOUND + 1;
const MAX_SENDS = 3;

interface Send {
  readonly id: number;
  readonly isAbsent: boolean;
  readonly refusal?: 'own' | 'gateway';
}

type Phase = 'none' | 'claimed' | 'sending' | 'submitted' | 'stored' | 'reused' | 'failed' | 'failed-paid' | 'rejected';

interface Run {
  readonly phase: Phase;
  /** Ticks since the record was written, by S3's clock. */
  readonly age: number;
  /** Counts the writes: a conditional write needs the version that was read. */
  readonly version: number;
  readonly sends: readonly Send[];
  /** The input was refused: the run ends once it is proved that nothing was taken. */
  readonly isUnwanted: boolean;
  readonly job: number;
}

interface Index {
  readonly owner: number;
  readonly age: number;
  readonly version: number;
}

interface Invocation {
  readonly id: number;
  readonly run: number;
  readonly at:
    | 'read'
    | 'create'
    | 'look'
    | 'prove'
    | 'credit'
    | 'end'
    | 'index'
    | 'owner'
    | 'look-for-owner'
    | 'prove-owner'
    | 'renew'
    | 'win'
    | 'reserve'
    | 'post'
    | 'answer'
    | 'reserve-late'
    | 'submitted'
    | 'refused';
  readonly age: number;
  readonly version: number;
  readonly indexVersion: number;
  /** The sends on the record when it was read. */
  readonly seen: number;
  readonly owner: number;
  readonly ownerVersion: number;
  readonly looks: number;
  /** It has looked in this tick: the next look comes later. */
  readonly isWaiting: boolean;
  readonly send: number;
  readonly job: number;
  readonly outcome: Phase;
}

/** A paid request on its way. */
interface Post {
  readonly send: number;
  readonly run: number;
  readonly by: number;
  /** `taken`: the job exists, and the answer is to come. `orphan`: nobody waits for it, and it may still take effect. */
  readonly state: 'flying' | 'taken' | 'orphan';
  readonly left: number;
}

interface Job {
  readonly id: number;
  readonly run: number;
  readonly send: number;
  readonly age: number;
  readonly isRefunded: boolean;
}

export interface State {
  readonly runs: readonly Run[];
  readonly index: Index | undefined;
  readonly invocations: readonly Invocation[];
  readonly posts: readonly Post[];
  readonly jobs: readonly Job[];
  /** The day's ledger: reserved sends, and what has been charged for good. */
  readonly open: readonly number[];
  readonly settled: number;
  readonly sends: number;
  readonly invoked: number;
  readonly delivered: readonly number[];
  readonly left: Budget;
}

export function startOf({ uploads, budget }: Rules): State {
  const run: Run = { phase: 'none', age: 0, version: 0, sends: [], isUnwanted: false, job: -1 };
  return {
    runs: Array.from({ length: uploads }, () => run),
    index: undefined,
    invocations: [],
    posts: [],
    jobs: [],
    open: [],
    settled: 0,
    sends: 0,
    invoked: 0,
    delivered: Array.from({ length: uploads }, () => 0),
    left: budget,
  };
}

const FINAL: readonly Phase[] = ['stored', 'reused', 'failed', 'failed-paid', 'rejected'];
const isFinal = ({ phase }: Run) => FINAL.includes(phase);
const openSends = ({ sends }: Run) => sends.filter(({ isAbsent }) => !isAbsent);

/** Names of invocations and jobs do not matter, only who is who. */
export function keyOf({ invoked: _, ...state }: State): string {
  const names = new Map<number, number>();
  const rename = (id: number) => {
    if (!names.has(id)) names.set(id, names.size);
    return names.get(id) ?? 0;
  };
  const invocations = state.invocations.map((one) => {
    const run = state.runs[one.run];
    return {
      ...one,
      id: rename(one.id),
      version: one.version === run?.version,
      indexVersion: one.indexVersion === (state.index?.version ?? -1),
      ownerVersion: one.ownerVersion === (state.runs[one.owner]?.version ?? -1),
    };
  });
  const posts = state.posts.map((post) => ({ ...post, by: post.by < 0 ? -1 : rename(post.by) }));
  const runs = state.runs.map(({ version: _version, ...run }) => run);
  const index = state.index && { owner: state.index.owner, age: state.index.age };
  return JSON.stringify({ ...state, runs, index, invocations, posts });
}

/** A state under change. */
class Draft {
  runs: Run[];
  index: Index | undefined;
  invocations: Invocation[];
  posts: Post[];
  jobs: Job[];
  open: number[];
  settled: number;
  sends: number;
  invoked: number;
  delivered: number[];
  left: Budget;
  broken: string | undefined;

  constructor(state: State) {
    this.runs = [...state.runs];
    this.index = state.index;
    this.invocations = [...state.invocations];
    this.posts = [...state.posts];
    this.jobs = [...state.jobs];
    this.open = [...state.open];
    this.settled = state.settled;
    this.sends = state.sends;
    this.invoked = state.invoked;
    this.delivered = [...state.delivered];
    this.left = state.left;
  }

  run(number: number): Run {
    const found = this.runs[number];
    if (!found) throw new Error(`there is no run ${number}`);
    return found;
  }

  /** Replaces a record. A reader of the earlier one must read it again. */
  write(number: number, change: Partial<Run>): Run {
    const run = this.run(number);
    const written = { ...run, ...change, age: 0, version: run.version + 1 };
    this.runs[number] = written;
    return written;
  }

  writeIndex(owner: number): Index {
    this.index = { owner, age: 0, version: (this.index?.version ?? 0) + 1 };
    return this.index;
  }

  set(id: number, change: Partial<Invocation>): void {
    this.invocations = this.invocations.map((one) => (one.id === id ? { ...one, ...change } : one));
  }

  /** The invocation is over; a request that it has sent may still take effect. */
  stop(id: number): void {
    this.invocations = this.invocations.filter((one) => one.id !== id);
    this.posts = this.posts
      .filter((post) => post.by !== id || post.state !== 'taken')
      .map((post) => (post.by === id ? { ...post, by: -1, state: 'orphan', left: LATE } : post));
  }

  nextSend(): number {
    this.sends += 1;
    return this.sends - 1;
  }

  spend(kind: keyof Budget): void {
    this.left = { ...this.left, [kind]: this.left[kind] - 1 };
  }
}

export function* stepsFrom(state: State, rules: Rules): Generator<Step<State>> {
  const all: Step<State>[] = [];
  const add = (name: string, change: (draft: Draft) => void) => {
    const draft = new Draft(state);
    change(draft);
    const { broken, ...next } = draft;
    all.push({ name, next, broken: broken ?? whatIsBroken(next) });
  };
  if (hasWork(state)) add('a tick', (draft) => tick(draft, rules));
  deliveries(state, rules, add);
  for (const post of state.posts) if (post.state !== 'taken') takeEffect(post, state, add);
  for (const [number, run] of state.runs.entries())
    if (run.phase === 'submitted') endJob(number, run, state, rules, add);
  for (const one of state.invocations) invocationSteps(one, state, rules, add);
  yield* all;
}

type Add = (name: string, change: (draft: Draft) => void) => void;

/** Time matters only while somebody measures it. */
function hasWork({ runs, invocations, posts }: State): boolean {
  return invocations.length > 0 || posts.length > 0 || runs.some((run) => !isFinal(run) && run.phase !== 'none');
}

/** The age of a record counts only as far as a rule asks for it. */
function oldest(run: Run, { agesByIndex }: Rules): number {
  if (!agesByIndex && !isFinal(run)) return STALE;
  if (run.phase === 'sending') return LOST_BOUND;
  return run.phase === 'claimed' && openSends(run).length > 0 ? LAG + LATE : 0;
}

function tick(draft: Draft, rules: Rules): void {
  draft.runs = draft.runs.map((run) => ({ ...run, age: Math.min(run.age + 1, oldest(run, rules)) }));
  if (draft.index) draft.index = { ...draft.index, age: Math.min(draft.index.age + 1, STALE) };
  draft.jobs = draft.jobs.map((job) => ({ ...job, age: Math.min(job.age + 1, LAG) }));
  draft.posts = draft.posts
    .map((post) => (post.state === 'orphan' ? { ...post, left: post.left - 1 } : post))
    .filter(({ left, state }) => state !== 'orphan' || left >= 0);
  const old = draft.invocations.filter(({ age }) => age + 1 >= LIFE);
  draft.invocations = draft.invocations.map((one) => ({ ...one, age: one.age + 1, isWaiting: false }));
  for (const { id } of old) draft.stop(id);
}

function deliveries({ delivered, invocations, runs }: State, { deliveries: most, atOnce }: Rules, add: Add): void {
  if (invocations.length >= atOnce) return;
  for (const [number, count] of delivered.entries()) {
    if (count >= most || isFinal(runs[number] as Run)) continue;
    add(`upload ${number} is delivered`, (draft) => {
      draft.delivered[number] = count + 1;
      draft.invoked += 1;
      draft.invocations.push({
        id: draft.invoked,
        run: number,
        at: 'read',
        age: 0,
        version: -1,
        indexVersion: -1,
        seen: 0,
        owner: -1,
        ownerVersion: -1,
        looks: 0,
        isWaiting: false,
        send: -1,
        job: -1,
        outcome: 'none',
      });
    });
  }
}

function takeEffect(post: Post, state: State, add: Add): void {
  add(`Scenario starts the job of send ${post.send}`, (draft) => {
    draft.jobs.push({ id: state.jobs.length, run: post.run, send: post.send, age: 0, isRefunded: false });
    draft.posts = draft.posts.flatMap((one) => {
      if (one !== post) return [one];
      return one.state === 'orphan' ? [] : [{ ...one, state: 'taken' as const }];
    });
    const { phase } = draft.run(post.run);
    if (FINAL.includes(phase)) draft.broken = `a job begins for a run that is ${phase}`;
  });
}

/** The machine and Sweep settle the day's ledger by the job's own end. */
function endJob(number: number, { job }: Run, state: State, rules: Rules, add: Add): void {
  const paid = state.jobs.find(({ id }) => id === job);
  if (!paid) return;
  const end = (name: string, phase: Phase, isRefunded: boolean, budget?: keyof Budget) =>
    add(`the job of upload ${number} ${name}`, (draft) => {
      if (budget) draft.spend(budget);
      draft.jobs = draft.jobs.map((one) => (one === paid ? { ...one, isRefunded } : one));
      const reservation = reservationOf(paid.send, number, rules);
      const wasOpen = draft.open.includes(reservation);
      draft.open = draft.open.filter((id) => id !== reservation);
      if (wasOpen && !isRefunded) draft.settled += 1;
      draft.write(number, { phase });
    });
  end('is stored', 'stored', false);
  if (state.left.failures > 0) end('fails and is refunded', 'failed', true, 'failures');
  if (state.left.costlyFailures > 0) end('fails and costs', 'failed-paid', false, 'costlyFailures');
}

function invocationSteps(one: Invocation, state: State, rules: Rules, add: Add): void {
  const step = (name: string, change: (draft: Draft) => void) => add(`#${one.id} (upload ${one.run}) ${name}`, change);
  if (state.left.crashes > 0)
    step('dies', (draft) => {
      if (rules.budget.crashes < 9) draft.spend('crashes');
      draft.stop(one.id);
    });
  const run = state.runs[one.run] as Run;
  const again = (draft: Draft) => draft.set(one.id, { at: 'read', looks: 0, outcome: 'none' });
  /** A conditional write of the run's record. */
  const write = (name: string, change: (draft: Draft, written: (change: Partial<Run>) => void) => void) =>
    run.version === one.version
      ? step(name, (draft) =>
          change(draft, (record) => {
            const { version } = draft.write(one.run, record);
            draft.set(one.id, { version });
          }),
        )
      : step('has lost the record', again);
  const goTo = (draft: Draft, at: Invocation['at'], more: Partial<Invocation> = {}) =>
    draft.set(one.id, { at, ...more });

  // The rest is in buyingSteps.
  switch (one.at as string) {
    case 'read':
      return step(`reads its record: ${run.phase}`, (draft) => {
        draft.set(one.id, { version: run.version, seen: run.sends.length });
        if (isFinal(run) || run.phase === 'submitted') return draft.stop(one.id);
        if (run.phase === 'none') return goTo(draft, 'create');
        const isOpen = rules.looksAfterRefusal && openSends(run).length > 0;
        if (run.phase === 'sending') return goTo(draft, 'look');
        if (isOpen && (rules.looksBeforeReuse || run.isUnwanted)) return goTo(draft, 'look');
        return run.isUnwanted ? goTo(draft, 'end', { outcome: 'rejected' }) : goTo(draft, 'index');
      });
    case 'create':
      return run.phase === 'none'
        ? step('creates its record', (draft) => {
            const { version } = draft.write(one.run, { phase: 'claimed' });
            goTo(draft, 'index', { version });
          })
        : step('has lost the record', again);
    case 'look':
      return lookForOwnJob(one, run, state, rules, step, again);
    case 'credit':
      return step('gives back what absent sends reserved', (draft) => {
        // Of the record as it was read: another invocation may have sent again.
        const absent = run.sends.slice(0, one.seen).map(({ id }) => reservationOf(id, one.run, rules));
        draft.open = draft.open.filter((id) => !absent.includes(id));
        goTo(draft, 'prove');
      });
    case 'prove':
      return write('writes that its sends are absent', (draft, written) => {
        written({ phase: 'claimed', sends: run.sends.map((send) => ({ ...send, isAbsent: true })) });
        again(draft);
      });
    case 'end':
      return write(`ends the run as ${one.outcome}`, (draft, written) => {
        if (state.jobs.some((job) => job.run === one.run && !job.isRefunded))
          draft.broken = `a run ends as ${one.outcome} while its own job exists`;
        written({ phase: one.outcome });
        draft.stop(one.id);
      });
    case 'submitted':
      return write('writes the job to its record', (draft, written) => {
        written({ phase: 'submitted', job: one.job });
        draft.stop(one.id);
      });
    case 'refused':
      return write('writes the refusal to its record', (draft, written) => {
        const refusal = one.outcome === 'failed' ? ('gateway' as const) : ('own' as const);
        const isAbsent = !rules.looksAfterRefusal;
        if (!rules.creditsProvedOnly)
          draft.open = draft.open.filter((id) => id !== reservationOf(one.send, one.run, rules));
        const sends = run.sends.map((send) => (send.id === one.send ? { ...send, refusal, isAbsent } : send));
        if (one.outcome === 'rejected' && !rules.provesBeforeEnd) {
          written({ phase: 'rejected', sends });
          if (state.jobs.some((job) => job.run === one.run))
            draft.broken = 'a run ends as rejected while its own job exists';
        } else written({ phase: 'claimed', sends, isUnwanted: one.outcome === 'rejected' });
        draft.stop(one.id);
      });
    default:
      return buyingSteps(one, run, state, rules, step, write, again);
  }
}

type StepOf = (name: string, change: (draft: Draft) => void) => void;

function lookForOwnJob(
  one: Invocation,
  run: Run,
  state: State,
  rules: Rules,
  step: StepOf,
  again: (draft: Draft) => void,
) {
  if (one.isWaiting) return;
  if (run.version !== one.version) return step('has lost the record', again);
  const visible = state.jobs.find(
    ({ send, age }) => run.sends.some(({ id }) => id === send) && age >= 0 && run.phase !== 'none',
  );
  const found = state.jobs.filter(({ send }) => run.sends.some(({ id }) => id === send));
  if (visible)
    step(`looks and finds the job of send ${visible.send}`, (draft) =>
      draft.set(one.id, { at: 'submitted', job: visible.id }),
    );
  const isHidden = found.every(({ age }) => age < LAG);
  if (!isHidden && state.left.blinks === 0) return;
  const bound = boundOf(run, rules);
  const isLate = run.age >= bound;
  step(
    isHidden ? `looks and finds nothing${isLate ? '' : ', too early'}` : 'looks at a list that is empty for a moment',
    (draft) => {
      if (!isHidden) draft.spend('blinks');
      if (!isLate) return draft.stop(one.id);
      const looks = one.looks + 1;
      if (looks < rules.looks) return draft.set(one.id, { looks, isWaiting: true });
      return draft.set(one.id, { at: 'credit', looks });
    },
  );
}

/** How old the record must be when a look that proves absence begins. */
function boundOf({ phase, sends }: Run, rules: Rules): number {
  if (phase === 'sending') return rules.waitsForLost ? LOST_BOUND : 0;
  const lag = rules.waitsForList ? LAG : 0;
  const isOwn = sends.every(({ isAbsent, refusal }) => isAbsent || refusal === 'own');
  return lag + (rules.waitsForGateway && !isOwn ? LATE : 0);
}

type WriteOf = (name: string, change: (draft: Draft, written: (change: Partial<Run>) => void) => void) => void;

/** From the index to the answer to the paid request. */
function buyingSteps(
  one: Invocation,
  run: Run,
  state: State,
  rules: Rules,
  step: StepOf,
  write: WriteOf,
  again: (draft: Draft) => void,
): void {
  const { index } = state;
  const isIndexRead = index !== undefined && index.version === one.indexVersion;
  const isSameIndex = (index?.version ?? -1) === one.indexVersion;
  const goTo = (draft: Draft, at: Invocation['at'], more: Partial<Invocation> = {}) =>
    draft.set(one.id, { at, ...more });
  switch (one.at as string) {
    case 'index':
      if (rules.uploads === 1) return step('goes on without an index', (draft) => goTo(draft, 'renew'));
      return step(`reads the index: ${index ? `upload ${index.owner}` : 'none'}`, (draft) => {
        draft.set(one.id, { indexVersion: index?.version ?? -1 });
        return index && index.owner !== one.run ? goTo(draft, 'owner') : goTo(draft, 'renew');
      });
    case 'owner':
      if (!isIndexRead) return step('has lost the index', (draft) => goTo(draft, 'index'));
      return readOwner(one, run, state, rules, step, goTo);
    case 'look-for-owner':
      if (!isIndexRead) return step('has lost the index', (draft) => goTo(draft, 'index'));
      return lookForOwnersJob(one, state, rules, step, goTo);
    case 'prove-owner':
      return step("writes that the owner's sends are absent", (draft) => {
        const number = one.owner;
        const owner = draft.run(number);
        if (owner.version !== one.ownerVersion) return goTo(draft, 'index');
        const absent = owner.sends.map(({ id }) => reservationOf(id, number, rules));
        draft.open = draft.open.filter((id) => !absent.includes(id));
        draft.write(number, { phase: 'claimed', sends: owner.sends.map((send) => ({ ...send, isAbsent: true })) });
        goTo(draft, 'index');
      });
    case 'renew': {
      if (state.sends >= MAX_SENDS) return;
      // Without the rule, the owner relies on the claim that it once made.
      const isRelied = !rules.renewsLast && index?.owner === one.run;
      if (rules.uploads === 1 || isRelied)
        return step('is about to send', (draft) => goTo(draft, 'win', { send: draft.nextSend() }));
      return step(isSameIndex ? 'claims or renews the index' : 'has lost the index', (draft) => {
        if (!isSameIndex) return again(draft);
        return goTo(draft, 'win', { send: draft.nextSend(), indexVersion: draft.writeIndex(one.run).version });
      });
    }
    case 'win':
      if (run.version !== one.version) return step('has lost the record', again);
      return write(`goes to sending with send ${one.send}`, (draft, written) => {
        written({ phase: 'sending', sends: [...run.sends, { id: one.send, isAbsent: false }] });
        goTo(draft, rules.reservesFirst ? 'reserve' : 'post');
      });
    case 'reserve':
      return step('reserves the price', (draft) => {
        draft.open = reserved(draft.open, reservationOf(one.send, one.run, rules));
        goTo(draft, 'post');
      });
    case 'post':
      return step(`sends ${one.send}`, (draft) => {
        draft.posts.push({ send: one.send, run: one.run, by: one.id, state: 'flying', left: 0 });
        goTo(draft, 'answer');
      });
    case 'answer':
      return answers(one, state, rules, step);
    case 'reserve-late':
      return step('reserves the price afterwards', (draft) => {
        draft.open = reserved(draft.open, one.send);
        goTo(draft, 'submitted');
      });
  }
}

/** Under which id a send is in the ledger. */
function reservationOf(send: number, run: number, { reservesBySend }: Rules): number {
  return reservesBySend ? send : 100 + run;
}

function reserved(open: readonly number[], send: number): number[] {
  return open.includes(send) ? [...open] : [...open, send];
}

function readOwner(
  one: Invocation,
  run: Run,
  state: State,
  rules: Rules,
  step: StepOf,
  goTo: (draft: Draft, at: Invocation['at'], more?: Partial<Invocation>) => void,
): void {
  const index = state.index as Index;
  const owner = state.runs[index.owner] as Run;
  step(`reads the owner's record: ${owner.phase}`, (draft) => {
    draft.set(one.id, { owner: index.owner, ownerVersion: owner.version, looks: 0 });
    const mayEnd = rules.looksBeforeReuse ? openSends(run).length === 0 : true;
    if (owner.phase === 'stored' || owner.phase === 'reused')
      return mayEnd ? goTo(draft, 'end', { outcome: 'reused' }) : draft.stop(one.id);
    if (owner.phase === 'failed-paid' && rules.endsWithOwner) return goTo(draft, 'end', { outcome: 'failed-paid' });
    if (isFinal(owner)) return goTo(draft, 'renew');
    const isStale = rules.agesByIndex ? index.age >= STALE : owner.age >= STALE;
    if (!isStale) return draft.stop(one.id);
    if (owner.phase === 'submitted') return rules.sparesSubmitted ? draft.stop(one.id) : goTo(draft, 'renew');
    const isOpen = owner.phase === 'sending' || openSends(owner).length > 0;
    return goTo(draft, isOpen && rules.looksForOwner ? 'look-for-owner' : 'renew');
  });
}

/** A job that a waiter finds is written to the owner's record, and the waiter goes on waiting. */
function lookForOwnersJob(
  one: Invocation,
  state: State,
  rules: Rules,
  step: StepOf,
  goTo: (draft: Draft, at: Invocation['at'], more?: Partial<Invocation>) => void,
): void {
  if (one.isWaiting) return;
  const { owner: number } = state.index as Index;
  const owner = state.runs[number] as Run;
  if (owner.version !== one.ownerVersion) return step("has lost the owner's record", (draft) => goTo(draft, 'index'));
  const found = state.jobs.filter(({ send }) => owner.sends.some(({ id }) => id === send));
  const [first] = found;
  if (first)
    step("looks and finds the owner's job", (draft) => {
      if (owner.phase !== 'submitted') draft.write(number, { phase: 'submitted', job: first.id });
      draft.stop(one.id);
    });
  if (found.some(({ age }) => age >= LAG)) return;
  const isLate = owner.age >= boundOf(owner, rules);
  step('looks and finds nothing of the owner', (draft) => {
    if (!isLate) return draft.stop(one.id);
    const looks = one.looks + 1;
    if (looks < rules.looks) return draft.set(one.id, { looks, isWaiting: true });
    return goTo(draft, 'prove-owner');
  });
}

function answers(one: Invocation, state: State, rules: Rules, step: StepOf): void {
  const post = state.posts.find(({ by }) => by === one.id);
  if (!post) return;
  const isTaken = post.state === 'taken';
  const but = isTaken ? ', and it was taken' : '';
  const without = (draft: Draft) => void (draft.posts = draft.posts.filter((other) => other !== post));
  /** Somewhere between here and Scenario it may still be under way. */
  const orphan = (draft: Draft) => {
    without(draft);
    if (!isTaken) draft.posts.push({ ...post, by: -1, state: 'orphan', left: LATE });
  };
  if (isTaken)
    step('is answered with its job', (draft) => {
      const job = state.jobs.find(({ send }) => send === post.send);
      without(draft);
      draft.set(one.id, { at: rules.reservesFirst ? 'submitted' : 'reserve-late', job: job?.id ?? -1 });
    });
  if (state.left.refusals > 0)
    step(`is refused${but}`, (draft) => {
      draft.spend('refusals');
      without(draft);
      draft.set(one.id, { at: 'refused', outcome: 'none' });
    });
  if (state.left.gatewayRefusals > 0)
    step(`is refused by a gateway${but}`, (draft) => {
      draft.spend('gatewayRefusals');
      orphan(draft);
      draft.set(one.id, { at: 'refused', outcome: 'failed' });
    });
  if (state.left.inputRefusals > 0)
    step(`is told that its input is wrong${but}`, (draft) => {
      draft.spend('inputRefusals');
      without(draft);
      draft.set(one.id, { at: 'refused', outcome: 'rejected' });
    });
  if (state.left.lostAnswers > 0)
    step(`gets no answer${but}`, (draft) => {
      draft.spend('lostAnswers');
      orphan(draft);
      draft.stop(one.id);
    });
}

function whatIsBroken({ runs, jobs, open, settled }: State): string | undefined {
  for (const number of runs.keys())
    if (jobs.filter(({ run }) => run === number).length > 1) return 'an upload is paid twice';
  const charged = jobs.filter(({ isRefunded }) => !isRefunded);
  if (charged.length > 1) return 'a picture is paid twice';
  if (settled + open.length < charged.length) return 'the ledger is below what was charged';
  return undefined;
}
