import type { RunView } from '../../runs/runs.ts';
import { api, type Details, pathOf } from './api.ts';
import { BUTTONS, buttonsFor, capital } from './cards.ts';
import { byId, copy, h, say } from './dom.ts';
import { createViewer, loadViewer, LOOKS, type Look, type ModelViewer, setLook } from './model-viewer.ts';
import { createRuler } from './ruler.ts';
import {
  bytesText,
  count,
  cuText,
  duration,
  fileName,
  folderOf,
  LABELS,
  metres,
  renditionOf,
  stateOf,
  timeText,
  title,
} from './words.ts';

export interface ViewerActions {
  /** Stored runs of the same key. */
  others(run: RunView): readonly RunView[];
  act(run: RunView, action: 'again' | 'change' | 'redrive' | 'redeliver'): void;
}

const VIEW = {
  'camera-controls': '',
  'touch-action': 'pan-y',
  'shadow-intensity': '0.6',
  'shadow-softness': '1',
  'tone-mapping': 'neutral',
  'environment-image': 'neutral',
  'interaction-prompt': 'none',
  loading: 'eager',
} as const;

/** Opens a run: its model to turn around, and everything that is known about it. */
export async function openRun(run: RunView, actions: ViewerActions): Promise<void> {
  const dialog = byId('viewer', HTMLDialogElement);
  dialog.dataset['run'] = run.runId;
  dialog.replaceChildren(
    heading(run, dialog),
    stageFor(run, actions),
    h('div', { class: 'facts', tabindex: 0, role: 'region', 'aria-label': 'Details' }),
  );
  if (!dialog.open) dialog.showModal();
  await refresh(run.runId, dialog, actions);
}

/** Shows what has changed while the dialog is open. The model stays, unless it has just come. */
export async function refreshOpen(run: RunView, actions: ViewerActions): Promise<void> {
  const dialog = byId('viewer', HTMLDialogElement);
  if (!dialog.open || dialog.dataset['run'] !== run.runId) return;
  if (run.stage === 'stored' && !dialog.querySelector('model-viewer, .honest')) return openRun(run, actions);
  await refresh(run.runId, dialog, actions);
}

async function refresh(runId: string, dialog: HTMLDialogElement, actions: ViewerActions): Promise<void> {
  const details = await api.details(runId).catch(() => undefined);
  if (!details || dialog.dataset['run'] !== runId) return;
  dialog.querySelector('.facts')?.replaceChildren(...factsOf(details, actions));
}

function heading(run: RunView, dialog: HTMLDialogElement): HTMLElement {
  const close = h(
    'button',
    { type: 'button', class: 'button', 'aria-label': 'Close', onclick: () => dialog.close() },
    'Close',
  );
  dialog.addEventListener('close', () => dialog.replaceChildren(), { once: true });
  return h('header', {}, h('h2', {}, h('span', { class: 'folder' }, folderOf(run.key)), fileName(run.key)), close);
}

function stageFor(run: RunView, actions: ViewerActions): HTMLElement {
  const stage = h('div', { class: 'stage' });
  const photo = h('img', {
    class: 'original',
    src: `/runs/${encodeURIComponent(run.runId)}/image`,
    alt: `The uploaded picture: ${fileName(run.key)}`,
  });
  photo.addEventListener('error', () => photo.remove());
  const { model, preview } = run;
  if (run.stage !== 'stored' || !model) {
    stage.append(h('div', { class: 'honest' }, photo, h('p', {}, LABELS[stateOf(run)])));
  } else if (model.contentType === 'model/gltf-binary') {
    stage.append(modelStage(run, model.key, actions), photo);
  } else {
    const picture = preview && h('img', { src: `/files/${pathOf(preview.key)}`, alt: 'A preview of the model' });
    const kind = fileName(model.key).split('.').at(-1)?.toUpperCase() ?? '';
    const words = `Browsers cannot show ${kind} files. Download the model, and open it in Blender or another 3D program.`;
    stage.append(h('div', { class: 'honest' }, picture ?? photo, h('p', {}, words)));
  }
  return stage;
}

function modelStage(run: RunView, key: string, actions: ViewerActions): HTMLElement {
  const [web, ar, poster] = ['web', 'ar', 'poster'].map((role) => renditionOf(run, role)?.key);
  const one = createViewer({
    ...VIEW,
    src: `/files/${pathOf(web ?? key)}`,
    alt: `The model of ${fileName(run.key)}`,
    ...(poster !== undefined && { poster: `/files/${pathOf(poster)}` }),
    ...(ar !== undefined && { ar: '', 'ar-modes': 'webxr scene-viewer quick-look', 'ios-src': `/files/${pathOf(ar)}` }),
  });
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const space = h('div', { class: 'space' }, one);
  const status = h('p', { class: 'loading', role: 'status' }, 'Loading the model');
  space.append(status);
  one.addEventListener('load', () => {
    status.remove();
    one.autoRotate = !isCalm;
    say('The model is loaded');
  });
  one.addEventListener(
    'error',
    () => (status.textContent = 'This browser cannot show the model. Download it instead.'),
  );
  // A touch means that somebody wants to look for themselves.
  const rotate = toggle('Rotate', !isCalm, (isOn) => (one.autoRotate = isOn));
  one.addEventListener('camera-change', (event) => {
    if ((event as CustomEvent<{ source: string }>).detail.source === 'user-interaction' && one.autoRotate)
      rotate.click();
  });
  const ruler = createRuler(one, space);
  const controls = h(
    'div',
    { class: 'controls', role: 'group', 'aria-label': 'View' },
    ...(web === undefined ? [] : [versions(one, web, key)]),
    looks(one),
    rotate,
    toggle('Size', false, (isOn) => ruler.show(isOn)),
    light(one),
    compareWith(run, one, space, actions),
  );
  void loadViewer();
  return h('div', { class: 'model' }, space, controls);
}

function toggle(label: string, isOn: boolean, change: (isOn: boolean) => void): HTMLButtonElement {
  const button = h('button', { type: 'button', class: 'button small', 'aria-pressed': String(isOn) }, label);
  button.addEventListener('click', () => {
    const next = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(next));
    change(next);
  });
  return button;
}

function looks(viewer: ModelViewer): HTMLElement {
  const select = h(
    'select',
    { 'aria-label': 'Surface' },
    ...Object.entries(LOOKS).map(([value, label]) => h('option', { value }, label)),
  );
  select.addEventListener('change', () => setLook(viewer, select.value as Look));
  return select;
}

/** Chooses between the small file for the web and the file as Scenario made it. */
function versions(viewer: ModelViewer, web: string, original: string): HTMLElement {
  const select = h(
    'select',
    { 'aria-label': 'Version' },
    h('option', { value: web }, 'Web version'),
    h('option', { value: original }, 'Original'),
  );
  select.addEventListener('change', () => viewer.setAttribute('src', `/files/${pathOf(select.value)}`));
  return select;
}

function light(viewer: ModelViewer): HTMLElement {
  const input = h('input', { type: 'range', min: 0.2, max: 2.4, step: 0.1, value: 1 });
  input.addEventListener('input', () => (viewer.exposure = Number(input.value)));
  return h('label', { class: 'light' }, 'Light', input);
}

/** Shows another model of the same picture beside this one. Both cameras move together. */
function compareWith(
  run: RunView,
  one: ModelViewer,
  space: HTMLElement,
  actions: ViewerActions,
): HTMLElement | undefined {
  const others = actions.others(run).filter(({ model }) => model?.contentType === 'model/gltf-binary');
  if (others.length === 0) return undefined;
  const select = h(
    'select',
    { 'aria-label': 'Compare with' },
    h('option', { value: '' }, 'Compare with …'),
    ...others.map((other) =>
      h(
        'option',
        { value: other.model?.key ?? '' },
        `${timeText(other.since)}${other.cu === undefined ? '' : `, ${cuText(other.cu)}`}`,
      ),
    ),
  );
  let other: ModelViewer | undefined;
  select.addEventListener('change', () => {
    other?.remove();
    space.classList.toggle('two', select.value !== '');
    if (select.value === '') return;
    other = createViewer({
      ...VIEW,
      class: 'other',
      src: `/files/${pathOf(select.value)}`,
      alt: 'Another model of this picture',
    });
    space.append(other);
    one.autoRotate = false;
    link(one, other);
    link(other, one);
  });
  return select;
}

function link(from: ModelViewer, to: ModelViewer): void {
  from.addEventListener('camera-change', (event) => {
    if ((event as CustomEvent<{ source: string }>).detail.source !== 'user-interaction') return;
    to.cameraOrbit = from.getCameraOrbit().toString();
    to.fieldOfView = `${from.getFieldOfView()}deg`;
    to.jumpCameraToGoal();
  });
}

function factsOf(
  { run, manifest, manifestUri, renditions, files, steps, events, execution }: Details,
  actions: ViewerActions,
): readonly HTMLElement[] {
  const state = stateOf(run);
  const model = manifest?.assets.find(({ role }) => role === 'model');
  const facts: [string, string | undefined][] = [
    ['State', LABELS[state]],
    ['Time', run.endedAt === undefined ? undefined : duration(run.endedAt - run.since)],
    [
      'Cost',
      run.cu === undefined ? undefined : run.reusedFrom ? 'nothing: an earlier model was reused' : cuText(run.cu),
    ],
    ['Triangles', model?.facts && count(model.facts.triangles)],
    ['Materials', model?.facts && count(model.facts.materials)],
    ['Textures', model?.facts && texturesOf(model.facts.textures)],
    ['Size', renditions?.placement ? placedSize(renditions.placement) : sizeIn(model?.facts)],
    ['Validator', model?.validation && validationOf(model.validation)],
    [
      'Picture',
      manifest?.upload.width === undefined
        ? undefined
        : `${count(manifest.upload.width)} × ${count(manifest.upload.height ?? 0)} pixels`,
    ],
  ];
  const problems =
    manifest?.assets.flatMap(({ problems: odd = [], key }) =>
      odd.map(({ message }) => `${fileName(key)}: ${message}`),
    ) ?? [];
  return [
    ...(run.reason === undefined ? [] : [h('p', { class: 'reason' }, capital(run.reason))]),
    ...(run.hint === undefined ? [] : [h('p', { class: 'hint' }, capital(run.hint))]),
    ...problems.map((problem) => h('p', { class: 'hint' }, capital(problem))),
    definitions(facts),
    actionsFor(run, actions),
    ...(files.length > 0 ? [filesTable(run, files)] : []),
    ...(renditions ? [certificates(renditions)] : []),
    ...(model ? [copies(model.bucket, model.key, manifestUri, events)] : []),
    section(
      'Parameters',
      definitions(Object.entries(run.parameters ?? {}).map(([name, value]) => [title(name), String(value)])),
    ),
    section('Steps', stepsList(run, steps, execution)),
    ...(events.length > 0
      ? [section('Events', ...events.map((event) => h('pre', { tabindex: 0 }, JSON.stringify(event, null, 2))))]
      : []),
  ];
}

type Renditions = NonNullable<Details['renditions']>;

const SIZES = {
  height: 'as asked for',
  'auto-size': 'as estimated',
  fitted: 'fitted, because the size is unknown',
} as const;

function placedSize({ size, sizeFrom }: NonNullable<Renditions['placement']>): string {
  return `${size.map(metres).join(' × ')} m, ${SIZES[sizeFrom]}`;
}

const CHANNELS = { khronos: 'Khronos 3D Commerce', shopify: 'Shopify', amazon: 'Amazon', ar: 'AR on phones' } as const;

/** The rules of each channel as a checklist, and what is missing or different. */
function certificates({ certificates: all, missing, notes, fidelity }: Renditions): HTMLElement {
  const own = all.filter(({ profile, of }) => of === (profile === 'ar' ? 'ar' : 'web'));
  const lists = own.map(({ profile, passed, rules }) =>
    h(
      'details',
      { class: 'certificate' },
      h('summary', {}, `${passed ? '✔' : '✘'} ${CHANNELS[profile]}`),
      h(
        'ul',
        {},
        ...rules.map(({ rule, value, limit, passed: isKept, isAdvice }) => {
          const sign = isKept ? '✔' : isAdvice ? '○' : '✘';
          return h(
            'li',
            { class: isKept ? 'kept' : 'broken' },
            `${sign} ${capital(`${rule}: ${valueText(value)}`).slice(0, -1)} (limit: ${valueText(limit)})`,
          );
        }),
      ),
    ),
  );
  const words = [...missing.map(({ role, reason }) => `There is no ${role} file: ${reason}`), ...notes];
  const likeness = fidelity && [
    [
      'Likeness',
      `${(fidelity.silhouette.worst * 100).toFixed(1)}% of the outline, color difference ${fidelity.colorDifference.toFixed(1)}`,
    ] as const,
  ];
  return h(
    'section',
    { class: 'certificates', 'aria-label': 'Channels' },
    ...lists,
    ...(likeness ? [definitions(likeness)] : []),
    ...words.map((text) => h('p', { class: 'hint' }, capital(text))),
  );
}

const valueText = (value: number | string): string => (typeof value === 'number' ? count(value) : value);

type Facts = NonNullable<Details['manifest']>['assets'][number]['facts'];

function sizeIn(facts: Facts): string | undefined {
  return facts?.boundingBox && sizeOf(facts.boundingBox);
}

function actionsFor(run: RunView, actions: ViewerActions): HTMLElement {
  const wanted = run.stage === 'stored' ? (['change', 'redeliver'] as const) : buttonsFor(run);
  return h(
    'div',
    { class: 'buttons' },
    ...wanted.map((action) =>
      h('button', { type: 'button', class: 'button small', onclick: () => actions.act(run, action) }, BUTTONS[action]),
    ),
  );
}

function definitions(facts: readonly (readonly [string, string | undefined])[]): HTMLElement {
  return h(
    'dl',
    {},
    ...facts.flatMap(([name, value]) =>
      value === undefined ? [] : [h('div', {}, h('dt', {}, name), h('dd', {}, value))],
    ),
  );
}

function section(name: string, ...content: readonly HTMLElement[]): HTMLElement {
  return h('details', {}, h('summary', {}, name), ...content);
}

function filesTable(run: RunView, files: Details['files']): HTMLElement {
  const rows = files.map(({ key, bytes }) =>
    h(
      'tr',
      {},
      h('td', {}, h('a', { href: `/files/${pathOf(key)}?download`, download: fileName(key) }, fileName(key))),
      h('td', {}, bytesText(bytes)),
    ),
  );
  const all = h(
    'a',
    { class: 'button small', href: `/runs/${encodeURIComponent(run.runId)}/files.zip`, download: '' },
    'Download all as ZIP',
  );
  return h('div', { class: 'files' }, h('table', {}, h('caption', {}, 'Files'), h('tbody', {}, ...rows)), all);
}

function copies(bucket: string, key: string, manifestUri: string, events: readonly unknown[]): HTMLElement {
  const embed = `<model-viewer src="${fileName(key)}" alt="" camera-controls auto-rotate></model-viewer>`;
  const texts: [string, string][] = [
    ['Copy S3 URI', `s3://${bucket}/${key}`],
    ['Copy manifest URI', manifestUri],
    ['Copy event', JSON.stringify(events.at(-1), null, 2)],
    ['Copy embed code', embed],
  ];
  return h(
    'div',
    { class: 'buttons' },
    ...texts.map(([label, text]) => {
      const button = h('button', { type: 'button', class: 'button small' }, label);
      button.addEventListener('click', () => void copy(text, button));
      return button;
    }),
  );
}

function stepsList(run: RunView, steps: Details['steps'], execution: Details['execution']): HTMLElement {
  const end = execution?.stopDate ?? Date.now();
  const lines = steps.map(({ state, at }, n) => h('li', {}, `${state}, ${duration((steps[n + 1]?.at ?? end) - at)}`));
  const first = h('li', {}, `Uploaded at ${timeText(run.since)}`);
  return h('ol', { class: 'steps' }, first, ...lines);
}

function texturesOf(
  textures: readonly { readonly width?: number | undefined; readonly height?: number | undefined }[],
): string {
  const [first] = textures;
  const size =
    first?.width === undefined
      ? ''
      : `, up to ${count(Math.max(...textures.map(({ width = 0, height = 0 }) => Math.max(width, height))))} pixels`;
  return `${textures.length}${size}`;
}

function sizeOf({ min, max }: { readonly min: readonly number[]; readonly max: readonly number[] }): string {
  return `${[0, 1, 2].map((axis) => metres((max[axis] ?? 0) - (min[axis] ?? 0))).join(' × ')} m`;
}

function validationOf({
  errors,
  warnings,
  truncated,
}: {
  readonly errors: number;
  readonly warnings: number;
  readonly truncated?: true | undefined;
}): string {
  const more = truncated ? 'at least ' : '';
  if (errors === 0 && warnings === 0) return 'valid glTF';
  return `${more}${errors} errors, ${warnings} warnings`;
}
