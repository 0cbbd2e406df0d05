import type { RunView } from '../../runs/runs.ts';
import { Card, type CardActions } from './cards.ts';
import { byId, h, setText } from './dom.ts';
import { adviceFor, count, folderOf, isActive, LABELS, plural, type State, stateOf } from './words.ts';

const FILTERS = {
  all: 'All',
  active: 'Under way',
  held: LABELS.held,
  stored: LABELS.stored,
  failed: LABELS.failed,
  rejected: LABELS.rejected,
} as const;
type Filter = keyof typeof FILTERS;

export interface RunList {
  /** Replaces all runs, for example after the connection was lost. */
  replace(runs: readonly RunView[]): void;
  update(runs: readonly RunView[]): void;
  readonly all: () => readonly RunView[];
}

/** All runs as cards, newest first, in groups if somebody asks for them. */
export function createRunList(actions: CardActions, onChange: (runs: readonly RunView[]) => void): RunList {
  const cards = new Map<string, Card>();
  const groups = new Map<string, { readonly element: HTMLElement; readonly grid: HTMLElement }>();
  const search = byId('search', HTMLInputElement);
  const grouping = byId('group', HTMLInputElement);
  let filter: Filter = 'all';

  const buttons = new Map<Filter, HTMLButtonElement>();
  for (const [name, label] of Object.entries(FILTERS) as [Filter, string][]) {
    const choose = () => {
      filter = name;
      for (const [one, button] of buttons) button.setAttribute('aria-pressed', String(one === filter));
      arrange();
    };
    const button = h(
      'button',
      { type: 'button', 'aria-pressed': String(name === filter), onclick: choose },
      label,
      ' ',
      h('span', { class: 'count' }),
    );
    buttons.set(name, button);
  }
  byId('filters').replaceChildren(...buttons.values());
  search.addEventListener('input', () => arrange());
  grouping.addEventListener('change', () => arrange());

  const groupOf = (name: string) => {
    const known = groups.get(name);
    if (known) return known;
    const grid = h('div', { class: 'grid' });
    const element = h(
      'section',
      { class: 'group' },
      name !== ALL && h('h2', {}, name === '' ? 'No folder' : name),
      grid,
    );
    groups.set(name, { element, grid });
    byId('groups').append(element);
    return { element, grid };
  };

  const isShown = (run: RunView) => {
    const state = stateOf(run);
    const fits = filter === 'all' || state === filter || (filter === 'active' && isActive(state));
    return fits && run.key.toLowerCase().includes(search.value.trim().toLowerCase());
  };

  /** Moves a card only if it is not in its place, and shows or hides it. */
  function arrange(): void {
    const sorted = sortedRuns();
    const before = new Map<HTMLElement, Element | null>();
    let shown = 0;
    for (const { runId, key } of sorted) {
      const card = cards.get(runId);
      if (!card) continue;
      const { grid } = groupOf(grouping.checked ? folderOf(key) : ALL);
      const last = before.get(grid);
      const place = last === undefined ? grid.firstElementChild : (last?.nextElementSibling ?? null);
      if (place !== card.element) grid.insertBefore(card.element, place);
      before.set(grid, card.element);
      const isVisible = isShown(card.run);
      if (card.element.hidden === isVisible) card.element.hidden = !isVisible;
      if (isVisible) shown += 1;
    }
    for (const { element, grid } of groups.values()) {
      const isEmpty = [...grid.children].every((child) => child instanceof HTMLElement && child.hidden);
      if (element.hidden !== isEmpty) element.hidden = isEmpty;
    }
    byId('nothing').hidden = shown > 0 || cards.size === 0;
    byId('runs').hidden = cards.size === 0;
    countAll();
  }

  function countAll(): void {
    const counts: Record<Filter, number> = { all: cards.size, active: 0, held: 0, stored: 0, failed: 0, rejected: 0 };
    for (const { run } of cards.values()) {
      const state: State = stateOf(run);
      if (isActive(state)) counts.active += 1;
      if (state in counts) counts[state as Filter] += 1;
    }
    for (const [name, button] of buttons) {
      const { lastElementChild } = button;
      if (lastElementChild) setText(lastElementChild, count(counts[name]));
      button.hidden = name !== 'all' && name !== filter && counts[name] === 0;
    }
  }

  /** What holds one upload holds those behind it, too. */
  function tellHeld(): void {
    const all = [...cards.values()].map(({ run }) => run);
    const why = all.find((run) => stateOf(run) === 'held')?.waitingFor;
    const affected = all.filter((run) => ['held', 'waiting', 'submitting'].includes(stateOf(run))).length;
    const place = byId('held');
    place.hidden = why === undefined;
    if (why !== undefined)
      setText(place, `${plural(affected, 'upload')} ${affected === 1 ? 'waits' : 'wait'}: ${why}. ${adviceFor(why)}`);
  }

  const sortedRuns = () => [...cards.values()].map(({ run }) => run).sort((a, b) => b.since - a.since);

  function refresh(changed: readonly RunView[]): void {
    const byKey = new Map<string, RunView[]>();
    const oldestFirst = sortedRuns().toReversed();
    for (const run of oldestFirst) byKey.set(run.key, [...(byKey.get(run.key) ?? []), run]);
    const waiting = oldestFirst
      .filter(({ stage }) => stage === 'queued' || stage === 'submitting')
      .map(({ runId }) => runId);
    const places = new Map(waiting.map((runId, n) => [runId, n + 1]));
    // A run that ends changes the places of others, and a new one the numbers of those with its name.
    const affected = new Set([
      ...waiting,
      ...changed.flatMap(({ key }) => byKey.get(key)?.map(({ runId }) => runId) ?? []),
    ]);
    for (const runId of affected) {
      const card = cards.get(runId);
      if (!card) continue;
      const sameKey = byKey.get(card.run.key) ?? [];
      card.update(card.run, { place: places.get(runId), nth: sameKey.indexOf(card.run) + 1, of: sameKey.length });
    }
    tellHeld();
    arrange();
    onChange([...cards.values()].map(({ run }) => run));
  }

  const byElement = new WeakMap<Element, Card>();
  const eye = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const card = byElement.get(target);
      if (!card) continue;
      card.isSeen = isIntersecting;
      if (isIntersecting) card.tick(Date.now());
    }
  });
  const add = (card: Card) => {
    cards.set(card.run.runId, card);
    byElement.set(card.element, card);
    eye.observe(card.element);
  };

  const note = (runs: readonly RunView[]) => {
    for (const run of runs) {
      const card = cards.get(run.runId);
      if (card) card.run = run;
      else add(new Card(run, actions));
    }
  };

  setInterval(() => {
    const now = Date.now();
    for (const card of cards.values()) if (card.isSeen && isActive(stateOf(card.run))) card.tick(now);
  }, 500);

  return {
    replace: (runs) => {
      const ids = new Set(runs.map(({ runId }) => runId));
      for (const [runId, card] of cards) {
        if (ids.has(runId)) continue;
        card.element.remove();
        cards.delete(runId);
      }
      note(runs);
      refresh(runs);
    },
    update: (runs) => {
      note(runs);
      refresh(runs);
    },
    all: () => [...cards.values()].map(({ run }) => run),
  };
}

const ALL = '\0all';
