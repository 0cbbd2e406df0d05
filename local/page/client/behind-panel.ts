import { api, type Behind } from './api.ts';
import { byId, h, setText, svg } from './dom.ts';
import { count, cuText, duration, LABELS, timeText } from './words.ts';

const EVERY_MS = 1_000;

/** The drawer that shows what happens out of sight. It asks only while it is open. */
export function createBehindPanel(): void {
  const panel = byId('behind');
  const button = byId('show-behind', HTMLButtonElement);
  const moods = h('div', { class: 'moods', role: 'group', 'aria-label': 'Moods of the stand-in' });
  const machine = h('div', { class: 'machine' });
  const tables = h('div');
  const events = h('div', { class: 'events' });
  const close = h('button', { type: 'button', class: 'button small', onclick: () => show(false) }, 'Close');
  const moodsTitle = h('h3', {}, 'Give Scenario a bad day');
  panel.replaceChildren(
    h('header', {}, h('h2', {}, 'Behind the scenes'), close),
    moodsTitle,
    moods,
    h('h3', {}, 'State machine'),
    machine,
    tables,
    h('h3', {}, 'Latest events'),
    events,
  );
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function refresh(): Promise<void> {
    const behind = await api.behind().catch(() => undefined);
    if (behind) {
      moodsTitle.hidden = behind.moods.length === 0;
      drawMoods(behind, moods);
      drawMachine(behind, machine);
      tables.replaceChildren(...tablesOf(behind));
      drawEvents(behind, events);
    }
    timer = panel.hidden ? undefined : setTimeout(() => void refresh(), EVERY_MS);
  }

  function show(isShown: boolean): void {
    panel.hidden = !isShown;
    button.setAttribute('aria-expanded', String(isShown));
    document.documentElement.classList.toggle('behind-open', isShown);
    clearTimeout(timer);
    if (isShown) void refresh();
    (isShown ? panel : button).focus();
  }

  button.addEventListener('click', () => show(panel.hidden !== false));
  panel.addEventListener('keydown', (event) => {
    if (event instanceof KeyboardEvent && event.key === 'Escape') show(false);
  });
}

function drawMoods({ moods }: Behind, place: HTMLElement): void {
  if (place.childElementCount === 0)
    place.replaceChildren(
      ...moods.map(({ name, says }) =>
        h(
          'label',
          { class: 'switch' },
          h('input', { type: 'checkbox', role: 'switch', name, onchange: () => void change(place) }),
          says,
        ),
      ),
    );
  for (const { name, isOn } of moods) {
    const box = place.querySelector<HTMLInputElement>(`[name="${CSS.escape(name)}"]`);
    if (box && document.activeElement !== box) box.checked = isOn;
  }
}

async function change(place: HTMLElement): Promise<void> {
  const on = [...place.querySelectorAll<HTMLInputElement>('input:checked')].map(({ name }) => name);
  await api.setMoods(on);
}

const BOX = { width: 132, height: 34, gap: 26 } as const;

/** The states in the order of the definition, from top to bottom. The current state of the latest execution is lit. */
function drawMachine({ machine: { states }, executions }: Behind, place: HTMLElement): void {
  const latest = executions.find(({ status }) => status === 'RUNNING') ?? executions[0];
  const current = latest?.steps.at(-1)?.state;
  const isRunning = latest?.status === 'RUNNING';
  if (place.childElementCount === 0)
    place.append(diagramOf(states), h('p', { class: 'quiet' }), h('ol', { class: 'steps' }));
  for (const box of place.querySelectorAll('[data-state-name]'))
    box.classList.toggle('lit', isRunning && box.getAttribute('data-state-name') === current);
  const [about, steps] = [place.querySelector('p'), place.querySelector('ol')];
  if (about) setText(about, latest ? `${latest.name}: ${latest.status.toLowerCase()}` : 'Nothing has run yet.');
  const end = latest?.stopDate ?? Date.now();
  const lines = (latest?.steps ?? []).map(
    ({ state, at }, n, all) => `${state}, ${duration((all[n + 1]?.at ?? end) - at)}`,
  );
  if (steps && steps.dataset['lines'] !== lines.join()) {
    steps.dataset['lines'] = lines.join();
    steps.replaceChildren(...lines.slice(-8).map((line) => h('li', {}, line)));
  }
}

function diagramOf(states: Behind['machine']['states']): SVGElement {
  const { width, height, gap } = BOX;
  const placeOf = new Map(states.map(({ name }, n) => [name, n]));
  const topOf = (n: number) => 4 + n * (height + gap);
  const left = 70;
  const arrows = states.flatMap(({ name, next }) =>
    next.map((to) => {
      const [a, b] = [placeOf.get(name) ?? 0, placeOf.get(to) ?? 0];
      const [y1, y2] = [topOf(a) + height / 2, topOf(b) + height / 2];
      if (b === a + 1)
        return svg('path', {
          d: `M${left + width / 2} ${topOf(a) + height}V${topOf(b) - 3}`,
          'marker-end': 'url(#arrow)',
        });
      // Back on the left, and past other states on the right.
      const isBack = b <= a;
      const [from, side] = isBack ? [left, left - 24 - (a - b) * 10] : [left + width, left + width + 16 + (b - a) * 8];
      return svg('path', {
        d: `M${from} ${y1}H${side}V${y2}H${from + (isBack ? -3 : 3)}`,
        'marker-end': 'url(#arrow)',
      });
    }),
  );
  const boxes = states.map(({ name, type }, n) =>
    svg(
      'g',
      { class: `state ${type.toLowerCase()}`, 'data-state-name': name },
      svg('rect', { x: left, y: topOf(n), width, height, rx: 8 }),
      svg('text', { x: left + width / 2, y: topOf(n) + height / 2 + 4, 'text-anchor': 'middle' }, name),
    ),
  );
  const arrow = svg(
    'marker',
    { id: 'arrow', viewBox: '0 0 8 8', refX: 6, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto' },
    svg('path', { d: 'M0 0L8 4L0 8z' }),
  );
  const size = { width: left + width + 60, height: topOf(states.length) };
  return svg(
    'svg',
    {
      viewBox: `0 0 ${size.width} ${size.height}`,
      role: 'img',
      'aria-label': `The state machine: ${states.map(({ name }) => name).join(', ')}`,
    },
    svg('defs', {}, arrow),
    ...arrows,
    ...boxes,
  );
}

function tablesOf({ queues, ledger, executions }: Behind): readonly HTMLElement[] {
  const rows = queues.map(({ name, waiting, inHand }) => [name.replaceAll('-', ' '), count(waiting), count(inHand)]);
  const running = executions.filter(({ status }) => status === 'RUNNING').length;
  return [
    table('Queues', ['', 'Waiting', 'In hand'], rows),
    h('p', { class: 'quiet' }, `${count(running)} executions are running.`),
    ...(ledger
      ? [
          table(
            'The bill of the stand-in',
            ['', 'CU'],
            [
              [`Charged for ${count(ledger.jobs.length)} jobs`, cuText(ledger.cuCharged)],
              ['Refunded', cuText(ledger.cuRefunded)],
            ],
          ),
        ]
      : []),
  ];
}

function table(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  return h(
    'table',
    {},
    h('caption', {}, caption),
    h('thead', {}, h('tr', {}, ...head.map((text) => (text === '' ? h('td') : h('th', { scope: 'col' }, text))))),
    h(
      'tbody',
      {},
      ...rows.map(([name = '', ...cells]) =>
        h('tr', {}, h('th', { scope: 'row' }, name), ...cells.map((cell) => h('td', {}, cell))),
      ),
    ),
  );
}

function drawEvents({ events }: Behind, place: HTMLElement): void {
  const shown = events.slice(0, 30);
  const ids = shown.map(({ id }) => id).join();
  if (place.dataset['ids'] === ids) return;
  const open = new Set([...place.querySelectorAll<HTMLDetailsElement>('details[open]')].map(({ id }) => id));
  place.dataset['ids'] = ids;
  place.replaceChildren(
    ...shown.map((event) =>
      h(
        'details',
        { id: `event-${event.id}`, open: open.has(`event-${event.id}`) },
        h('summary', {}, h('time', {}, timeText(Date.parse(event.time))), ` ${event['detail-type']}`),
        h('pre', { tabindex: 0 }, JSON.stringify(event, null, 2)),
      ),
    ),
  );
  if (shown.length === 0) place.replaceChildren(h('p', { class: 'quiet' }, `${LABELS.waiting} for the first event.`));
}
