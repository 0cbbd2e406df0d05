import type { RunView } from '../../runs/runs.ts';
import { api, follow, type Metadata, pathOf, type Totals } from './api.ts';
import { createBehindPanel } from './behind-panel.ts';
import { capital, type CardActions } from './cards.ts';
import { byId, h, say, setText } from './dom.ts';
import { takeFiles } from './drop-area.ts';
import { createViewer, loadViewer, type ModelViewer } from './model-viewer.ts';
import { createOptions } from './options-panel.ts';
import { createRunList } from './run-list.ts';
import { createUploader } from './uploader.ts';
import { openRun, refreshOpen } from './viewer.ts';
import { bytesText, count, cuText, plural, renditionOf } from './words.ts';

const model = await api.model();
const options = createOptions(model);
const uploader = createUploader(model, options);

const act = async (run: RunView, action: 'again' | 'redrive' | 'redeliver', metadata?: Metadata) => {
  try {
    const { sentence } = await api.act(run.runId, action, metadata);
    tell(capital(sentence));
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
  }
};

/** Says something that no card says. */
function tell(text: string): void {
  setText(byId('progress'), text);
  say(text);
}

/** Lets the user change the options of an earlier upload, and then uploads its picture again. */
function changeOptions(run: RunView): void {
  byId('viewer', HTMLDialogElement).close();
  const changed = Object.entries(run.parameters ?? {}).filter(([name, value]) => {
    const input = model.inputs[name];
    return input !== undefined && (!('default' in input) || input.default !== value);
  });
  options.fill(Object.fromEntries(changed));
  const button = h('button', { type: 'button', class: 'button primary' }, `Make another model of ${run.key}`);
  const cancel = h('button', { type: 'button', class: 'button' }, 'Cancel');
  const bar = h('div', { class: 'buttons change' }, button, cancel);
  for (const old of document.querySelectorAll('.change')) old.remove();
  byId('options-form').append(bar);
  cancel.addEventListener('click', () => bar.remove());
  button.addEventListener('click', () => {
    bar.remove();
    void act(run, 'again', { 'meshdrop-on-duplicate': 'regenerate', ...options.metadata() });
  });
  bar.scrollIntoView({ block: 'center' });
  button.focus();
}

let turning: ModelViewer | undefined;
const canHover = matchMedia('(hover: hover) and (prefers-reduced-motion: no-preference)');

/** Shows the turntable while the pointer is there. Without one, the model itself turns. */
function turn(run: RunView, place: HTMLElement): void {
  const turntable = renditionOf(run, 'turntable');
  const picture = place.querySelector('img');
  if (!turntable || !picture) return turnModel(run, place);
  if (!canHover.matches) return;
  const still = picture.src;
  picture.src = `/files/${pathOf(turntable.key)}`;
  place.parentElement?.addEventListener('pointerleave', () => (picture.src = still), { once: true });
}

/** One viewer serves all cards. */
function turnModel(run: RunView, place: HTMLElement): void {
  const { model: file, stage } = run;
  if (!canHover.matches || stage !== 'stored' || file?.contentType !== 'model/gltf-binary' || file.bytes > 30_000_000)
    return;
  const card = place.closest('.card');
  const timer = setTimeout(() => {
    void loadViewer();
    turning?.remove();
    const attributes = {
      'auto-rotate': '',
      'auto-rotate-delay': '0',
      'rotation-per-second': '40deg',
      'interaction-prompt': 'none',
      'disable-zoom': '',
    };
    turning = createViewer({
      ...attributes,
      'tone-mapping': 'neutral',
      'environment-image': 'neutral',
      class: 'turning',
      src: `/files/${pathOf(file.key)}`,
    });
    place.append(turning);
  }, 300);
  card?.addEventListener(
    'pointerleave',
    () => {
      clearTimeout(timer);
      turning?.remove();
      turning = undefined;
    },
    { once: true },
  );
}

const viewerActions = {
  others: (run: RunView) =>
    list.all().filter(({ key, runId, stage }) => key === run.key && runId !== run.runId && stage === 'stored'),
  act: (run: RunView, action: 'again' | 'change' | 'redrive' | 'redeliver') =>
    action === 'change' ? changeOptions(run) : void act(run, action),
};

const actions: CardActions = {
  open: (run) => {
    turning?.remove();
    void openRun(run, viewerActions);
  },
  again: (run) => void act(run, 'again'),
  change: changeOptions,
  redrive: (run) => void act(run, 'redrive'),
  redeliver: (run) => void act(run, 'redeliver'),
  turn,
};

let latest: Totals = { standIn: model.standIn };
const showTotals = (runs: readonly RunView[]) => {
  const models = runs.filter(({ stage }) => stage === 'stored').length;
  const cu = runs.reduce((sum, run) => sum + (run.cu ?? 0), 0);
  const { spentToday, limitToday } = latest;
  // Without a limit, Meshdrop keeps no account of the day.
  const today =
    spentToday === undefined || limitToday === undefined ? '' : `today ${cuText(spentToday)} of ${count(limitToday)}`;
  const told = [plural(models, 'model'), cuText(cu), today].filter(Boolean);
  if (byId('totals').dataset['told'] === told.join()) return;
  byId('totals').dataset['told'] = told.join();
  byId('totals').replaceChildren(...told.map((text) => h('li', {}, text)));
};

const list = createRunList(actions, (runs) => {
  document.documentElement.classList.toggle('empty', runs.length === 0);
  byId('try').hidden = runs.length > 0;
  showTotals(runs);
});

setText(
  byId('notice'),
  model.standIn
    ? 'A stand-in on this machine makes simple reliefs as models. Nothing costs money.'
    : 'Meshdrop uses the real Scenario. Each image costs money.',
);
byId('notice').classList.toggle('costs', !model.standIn);
const { maxBytes, maxSide } = model.image;
setText(byId('limits'), `JPEG, PNG, or WebP, up to ${bytesText(maxBytes)} and ${count(maxSide)} pixels a side.`);

takeFiles((files) => void uploader.upload(files));
async function tryExample(): Promise<void> {
  const picture = await (await fetch('/example.png')).blob();
  const file = new File([picture], 'oak-chair.png', { type: 'image/png' });
  await uploader.upload([{ key: file.name, file }]);
}
byId('try').addEventListener('click', () => void tryExample());
createBehindPanel();

const dialog = byId('viewer', HTMLDialogElement);
// A click beside the dialog closes it.
dialog.addEventListener('click', ({ target }) => {
  if (target === dialog) dialog.close();
});

follow({
  onAll: (runs) => list.replace(runs),
  onRuns: (runs) => {
    list.update(runs);
    for (const run of runs) void refreshOpen(run, viewerActions);
  },
  onTotals: (totals) => {
    latest = totals;
    showTotals(list.all());
  },
  onConnection: (isThere) => (byId('offline').hidden = isThere),
});
