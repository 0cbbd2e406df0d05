import { findConflict, findRange, withDefaults } from '../../../functions/models/combine.ts';
import type { Input } from '../../../functions/models/model.ts';
import type { Metadata, ModelView } from './api.ts';
import { byId, h, setText } from './dom.ts';
import { count, title } from './words.ts';

type Value = string | number | boolean;
type Values = Readonly<Record<string, Value>>;

const ON_DUPLICATE = 'meshdrop-on-duplicate';
const HEIGHT = 'meshdrop-height';

/** What the options say about the next uploads. */
export interface OptionsPanel {
  /** The folder that uploads go to, with its slash, or nothing. */
  folder(): string;
  metadata(): Metadata;
  /** Fills in the options of an earlier upload. */
  fill(parameters: Values): void;
}

/** The form of parameters, made from the model's own data. A choice that others exclude is disabled, with the reason. */
export function createOptions(model: ModelView): OptionsPanel {
  const form = byId('options-form', HTMLFormElement);
  const folder = h('input', { name: 'folder', list: 'folders', placeholder: 'none, or such as chairs/' });
  const preset = h('p', { class: 'why' });
  const fields = Object.entries(model.inputs).map(([name, input]) => createField(name, input, model));
  const duplicate = h(
    'select',
    { id: 'option-on-duplicate' },
    h('option', { value: '' }, `Default (${DUPLICATES[model.onDuplicate]})`),
    ...Object.entries(DUPLICATES).map(([value, label]) => h('option', { value }, label)),
  );
  const height = h('input', { id: 'option-height', placeholder: 'unknown, or such as 85cm', pattern: HEIGHT_FORM });
  const known = h('datalist', { id: 'folders' }, ...Object.keys(model.presets).map((value) => h('option', { value })));
  form.replaceChildren(
    h('div', { class: 'field' }, h('label', {}, 'Folder', folder), preset, known),
    ...fields.map(({ element }) => element),
    h(
      'div',
      { class: 'field' },
      h('label', {}, 'Height of the thing', height),
      h('p', { class: 'about' }, 'a number with mm, cm, m, in, or ft; the small files get this size'),
    ),
    h('div', { class: 'field' }, h('label', {}, 'For a picture that was bought before', duplicate)),
    h('div', { class: 'field' }, h('button', { type: 'reset', class: 'button' }, 'Use the defaults')),
  );

  const explicit = (): Values =>
    Object.fromEntries(fields.flatMap(({ name, value }) => (value() === undefined ? [] : [[name, value() as Value]])));
  const presetOf = () => {
    const key = cleanFolder(folder.value);
    const found = Object.keys(model.presets)
      .filter((one) => key.startsWith(one.endsWith('/') ? one : `${one}/`))
      .sort((a, b) => b.length - a.length)[0];
    return found === undefined ? {} : (model.presets[found] ?? {});
  };
  const refresh = () => {
    const base = { ...model.defaults, ...presetOf() };
    for (const field of fields) field.refresh({ ...base, ...explicit() }, base);
    const set = Object.entries(presetOf()).map(([name, value]) => `${title(name)}: ${value}`);
    setText(preset, set.length > 0 ? `This folder sets ${set.join(', ')}` : '');
    const chosen = Object.entries(explicit()).map(([name, value]) => `${title(name)}: ${shown(value)}`);
    setText(byId('options-summary'), [...(folder.value ? [cleanFolder(folder.value)] : []), ...chosen].join(' · '));
  };
  form.addEventListener('input', refresh);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', () => setTimeout(refresh));
  refresh();

  return {
    folder: () => cleanFolder(folder.value),
    metadata: () => ({
      ...Object.fromEntries(
        Object.entries(explicit()).map(([name, value]) => [model.keys[name] ?? name, String(value)]),
      ),
      ...(duplicate.value && { [ON_DUPLICATE]: duplicate.value }),
      ...(height.value.trim() !== '' && { [HEIGHT]: height.value.trim() }),
    }),
    fill: (parameters) => {
      form.reset();
      for (const field of fields) field.fill(parameters[field.name]);
      byId('options', HTMLDetailsElement).open = true;
      refresh();
    },
  };
}

/** What functions/models/height.ts accepts. */
const HEIGHT_FORM = String.raw`\s*(\d{1,6}(\.\d{1,6})?|\.\d{1,6})\s*(mm|cm|m|in|ft)\s*`;

const DUPLICATES = { reuse: 'reuse its model', regenerate: 'buy another model' } as const;

const shown = (value: Value): string =>
  typeof value === 'boolean' ? (value ? 'yes' : 'no') : typeof value === 'number' ? count(value) : readable(value);

function readable(text: string): string {
  return text.replaceAll('_', ' ');
}

function cleanFolder(text: string): string {
  const trimmed = text.trim().replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? '' : `${trimmed}/`;
}

interface Field {
  readonly name: string;
  readonly element: HTMLElement;
  /** Undefined: the default. */
  readonly value: () => Value | undefined;
  readonly fill: (value: Value | undefined) => void;
  readonly refresh: (explicit: Values, base: Values) => void;
}

function createField(name: string, input: Input, model: ModelView): Field {
  const why = h('p', { class: 'why', id: `why-${name}` });
  const isAllowed =
    model.metadataAllowed === 'all' ||
    (Array.isArray(model.metadataAllowed) && model.metadataAllowed.includes(model.keys[name] ?? ''));
  const control = input.kind === 'integer' ? numberOf(input) : choiceOf(input);
  control.setAttribute('aria-describedby', why.id);
  control.disabled = !isAllowed;
  const element = h(
    'div',
    { class: 'field', 'data-field': name },
    h('label', {}, title(name), control),
    h('p', { class: 'about' }, input.describe),
    why,
  );

  const value = (): Value | undefined => {
    if (control.value === '') return undefined;
    if (input.kind === 'boolean') return control.value === 'true';
    return input.kind === 'integer' ? Number(control.value) : control.value;
  };
  const refresh = (explicit: Values, base: Values) => {
    if (!isAllowed) return setText(why, 'This deployment does not let uploads choose this.');
    const { [name]: _, ...others } = explicit;
    const whyNot = (candidate: Value) => {
      const chosen = { ...others, [name]: candidate };
      const conflict = findConflict(model, withDefaults(model, chosen), chosen);
      // A conflict of two other parameters is theirs to tell.
      return conflict?.names.includes(name) ? conflict : undefined;
    };
    if (control instanceof HTMLInputElement) {
      const range = findRange(model, name, withDefaults(model, others));
      if (range) {
        control.min = String(range.min);
        control.max = String(range.max);
      }
      const given = value();
      const isWrong = range !== undefined && typeof given === 'number' && (given < range.min || given > range.max);
      const conflict = whyNot(given ?? 1);
      control.disabled = conflict !== undefined && given === undefined;
      return setText(
        why,
        isWrong
          ? `${title(range.where)}, use ${count(range.min)} to ${count(range.max)}.`
          : conflict
            ? `This is ${sentence(name, conflict)}`
            : '',
      );
    }
    const byDefault = withDefaults(model, { ...others, ...(name in base && { [name]: base[name] as Value }) })[name];
    for (const option of control.options) {
      if (option.value === '') {
        option.textContent = `Default (${byDefault === undefined ? 'the model chooses' : shown(byDefault)})`;
        continue;
      }
      const conflict = whyNot(input.kind === 'boolean' ? option.value === 'true' : option.value);
      option.disabled = conflict !== undefined;
      option.title = conflict ? sentence(name, conflict) : '';
    }
    const choices = [...control.options].slice(1);
    const blocked = choices.filter((option) => option.disabled);
    const reasons = new Set(blocked.map((option) => option.title));
    const [first = ''] = reasons;
    // One sentence is enough if nothing can be chosen.
    const isOneReason = blocked.length === choices.length && reasons.size === 1;
    control.disabled = isOneReason;
    const each = blocked.map((option) => `${title(option.textContent ?? '')} is ${option.title}`);
    setText(why, isOneReason ? `This is ${first}` : each.join(' '));
  };
  return { name, element, value, refresh, fill: (given) => (control.value = given === undefined ? '' : String(given)) };
}

/** Follows "this is": `not possible with generate parts, because …` */
function sentence(name: string, { names, why }: { readonly names: readonly string[]; readonly why: string }): string {
  const others = names.filter((one) => one !== name).map((one) => `“${title(one)}”`);
  return `not possible with ${others.join(' and ')}, because ${why}.`;
}

function numberOf(input: Extract<Input, { kind: 'integer' }>): HTMLInputElement {
  const limits = { min: input.min, max: input.max, step: 1 };
  return h('input', { type: 'number', inputmode: 'numeric', placeholder: 'the model chooses', ...limits });
}

function choiceOf(input: Exclude<Input, { kind: 'integer' }>): HTMLSelectElement {
  const options =
    input.kind === 'boolean'
      ? ([
          ['true', 'yes'],
          ['false', 'no'],
        ] as const)
      : input.options.map((one) => [one, readable(one)] as const);
  return h(
    'select',
    {},
    h('option', { value: '' }, 'Default'),
    ...options.map(([value, label]) => h('option', { value }, label)),
  );
}
