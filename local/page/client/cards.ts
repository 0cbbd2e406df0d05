import type { RunView } from '../../runs/runs.ts';
import { pathOf } from './api.ts';
import { h, setAttribute, setText, svg } from './dom.ts';
import {
  adviceFor,
  cuText,
  duration,
  fileName,
  folderOf,
  isActive,
  LABELS,
  renditionOf,
  stateOf,
  timeText,
} from './words.ts';

/** What a card tells besides its own run. */
export interface Surroundings {
  /** Place in the queue, from 1. Undefined if it does not wait. */
  readonly place: number | undefined;
  /** Which of the runs of its key it is, and how many there are. */
  readonly nth: number;
  readonly of: number;
}

export interface CardActions {
  open(run: RunView): void;
  again(run: RunView): void;
  change(run: RunView): void;
  redrive(run: RunView): void;
  redeliver(run: RunView): void;
  turn(run: RunView, place: HTMLElement): void;
}

/** A run as a card. It changes in place, so that no click, focus, or selection is lost. */
export class Card {
  readonly element: HTMLElement;
  run: RunView;
  /** Whether it is on the screen. Only then does its clock run. */
  isSeen = false;
  readonly #actions: CardActions;
  readonly #result = h('div', { class: 'result' });
  readonly #filled = h('i');
  readonly #bar = h('div', { class: 'bar' }, this.#filled);
  readonly #state = h('span', { class: 'label' });
  readonly #detail = h('span', { class: 'detail' });
  readonly #which = h('span', { class: 'which' });
  readonly #reason = h('p', { class: 'reason', hidden: true });
  readonly #hint = h('p', { class: 'hint', hidden: true });
  readonly #buttons = h('div', { class: 'buttons', hidden: true });
  readonly #open: HTMLButtonElement;
  #around: Surroundings = { place: undefined, nth: 1, of: 1 };
  #drawn = '';

  constructor(run: RunView, actions: CardActions) {
    this.run = run;
    this.#actions = actions;
    const photo = h('img', {
      class: 'photo',
      src: `/runs/${encodeURIComponent(run.runId)}/image`,
      alt: '',
      loading: 'lazy',
      decoding: 'async',
    });
    // A rejected upload can be any file.
    photo.addEventListener('error', () => photo.replaceWith(h('span', { class: 'photo none' }, 'Not a picture')));
    this.#open = h('button', { type: 'button', class: 'pictures' }, photo, this.#result);
    const folder = folderOf(run.key);
    const name = h(
      'h3',
      { class: 'name', title: run.key },
      folder !== '' && h('span', { class: 'folder' }, folder),
      fileName(run.key),
    );
    const line = h('p', { class: 'state' }, h('span', { class: 'dot' }), this.#state, this.#detail);
    const words = h('div', { class: 'words' }, name, line, this.#which, this.#reason, this.#hint, this.#buttons);
    this.element = h('article', { class: 'card', 'data-run': run.runId }, this.#open, this.#bar, words);
    this.element.addEventListener('click', (event) => {
      const { target } = event;
      const isControl =
        target instanceof Element && target.closest('button:not(.pictures), a, .reason, .hint') !== null;
      if (!isControl && getSelection()?.isCollapsed !== false) actions.open(this.run);
    });
    this.#open.addEventListener('pointerenter', () => actions.turn(this.run, this.#result));
    this.update(run, this.#around);
  }

  update(run: RunView, around: Surroundings): void {
    this.run = run;
    this.#around = around;
    const state = stateOf(run);
    setAttribute(this.element, 'data-state', state);
    setText(this.#state, LABELS[state]);
    this.#showPicture();
    this.#showReason();
    const { nth, of } = around;
    setText(this.#which, of > 1 ? `Upload ${nth} of ${of} with this name, ${timeText(run.since)}` : '');
    const progress = state === 'generating' ? run.progress : state === 'storing' ? 1 : undefined;
    const width = `${((progress ?? 0) * 100).toFixed(1)}%`;
    if (this.#filled.style.inlineSize !== width) this.#filled.style.inlineSize = width;
    setAttribute(this.#open, 'aria-label', `${run.key}: ${LABELS[state]}. Open.`);
    this.tick(Date.now());
  }

  /** Shows how much time has passed. */
  tick(now: number): void {
    setText(this.#detail, this.#detailOf(now));
  }

  #detailOf(now: number): string {
    const { run } = this;
    const state = stateOf(run);
    const { place } = this.#around;
    const cost = run.cu ?? (run.stage === 'rejected' ? 0 : run.quote);
    const elapsed = duration((run.endedAt ?? now) - run.since);
    if (state === 'waiting' || state === 'held')
      return [place === undefined ? '' : `number ${place}`, elapsed].filter(Boolean).join(' · ');
    if (state === 'generating') return `${Math.round(run.progress * 100)}% · ${elapsed}`;
    if (isActive(state)) return elapsed;
    if (run.isFinishing === true) return `${elapsed} · finishing`;
    const reused = run.reusedFrom === undefined ? '' : 'reused';
    return [elapsed, reused || (cost === undefined ? '' : cuText(cost))].filter(Boolean).join(' · ');
  }

  #showPicture(): void {
    const { model, stage } = this.run;
    const preview = renditionOf(this.run, 'poster') ?? this.run.preview;
    const wanted = preview && stage === 'stored' ? preview.key : stage === 'stored' && model ? 'cube' : stage;
    if (wanted === this.#drawn) return;
    this.#drawn = wanted;
    const picture =
      preview && stage === 'stored'
        ? h('img', { src: `/files/${pathOf(preview.key)}`, alt: '', loading: 'lazy', decoding: 'async' })
        : cube();
    this.#result.replaceChildren(picture);
  }

  #showReason(): void {
    const { reason, hint, waitingFor, notExported } = this.run;
    const state = stateOf(this.run);
    const why = reason ?? (state === 'held' ? waitingFor : undefined) ?? notExported;
    const advice =
      reason === undefined ? (state === 'held' && waitingFor !== undefined ? adviceFor(waitingFor) : undefined) : hint;
    setText(this.#reason, why === undefined ? '' : capital(why));
    setText(this.#hint, advice === undefined ? '' : capital(advice));
    if (this.#reason.hidden !== (why === undefined)) this.#reason.hidden = why === undefined;
    if (this.#hint.hidden !== (advice === undefined)) this.#hint.hidden = advice === undefined;
    const wanted = buttonsFor(this.run);
    if (this.#buttons.dataset['for'] === wanted.join()) return;
    this.#buttons.dataset['for'] = wanted.join();
    this.#buttons.hidden = wanted.length === 0;
    this.#buttons.replaceChildren(
      ...wanted.map((action) =>
        h(
          'button',
          { type: 'button', class: 'button small', onclick: () => this.#actions[action](this.run) },
          BUTTONS[action],
        ),
      ),
    );
  }
}

/** Stands where a model will be. */
function cube(): SVGElement {
  const edges = svg('path', { d: 'M24 5 41 14.500v19L24 43 7 33.500v-19zM7 14.500 24 24l17-9.500M24 24v19' });
  return svg('svg', { class: 'cube', viewBox: '0 0 48 48', 'aria-hidden': 'true' }, edges);
}

export const BUTTONS = {
  again: 'Try again',
  change: 'With other options',
  redrive: 'Fetch again',
  redeliver: 'Announce again',
} as const;
type Button = keyof typeof BUTTONS;

/** Codes of rejections that other options can avoid. */
const ABOUT_OPTIONS = [
  'unknown-parameter',
  'bad-parameter',
  'parameter-conflict',
  'over-cu-limit',
  'refused-by-scenario',
];

/** The buttons that do what the hint says. What is paid for is fetched, not bought again. */
export function buttonsFor({ stage, isPaid, code }: RunView): readonly Button[] {
  if (stage === 'rejected') return code !== undefined && ABOUT_OPTIONS.includes(code) ? ['change'] : [];
  if (stage !== 'failed') return [];
  const isFetchable = isPaid === true && code !== 'job-failed' && code !== 'job-canceled';
  return isFetchable ? ['redrive', 'redeliver'] : ['again', 'change'];
}

export function capital(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}
