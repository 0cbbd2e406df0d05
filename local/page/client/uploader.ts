import { whyNotAnImage } from '../../../functions/images/describe-file.ts';
import { imageTypeOf } from '../../../functions/images/image-type.ts';
import { api, type Metadata, type ModelView } from './api.ts';
import { byId, h, say, setText } from './dom.ts';
import type { OptionsPanel } from './options-panel.ts';
import { cuText, plural } from './words.ts';

/** A file to upload, and its key. */
interface Dropped {
  readonly key: string;
  readonly file: File;
}

const AT_ONCE = 4;
const HEAD_BYTES = 4_096;

/** Takes files from wherever they come, refuses what can never work, and uploads the rest. */
export function createUploader(
  model: ModelView,
  options: OptionsPanel,
): { upload(files: readonly Dropped[]): Promise<void> } {
  const queue: (Dropped & { readonly metadata: Metadata })[] = [];
  let [total, done, working] = [0, 0, 0];

  const progress = () => {
    const left = total - done;
    const estimate = cuText(Math.round(total * model.typicalCu));
    setText(byId('progress'), left > 0 ? `Uploading ${done + 1} of ${total}, about ${estimate}` : '');
    if (left === 0 && total > 0) {
      say(`Uploaded ${plural(total, 'image')}`);
      [total, done] = [0, 0];
    }
  };

  async function work(): Promise<void> {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { key, file, metadata } = next;
      try {
        const problem = await problemOf(key, file, metadata);
        if (problem) tellProblem(key, problem);
        else await api.upload(key, file, metadata);
      } catch (error) {
        tellProblem(key, { reason: error instanceof Error ? error.message : String(error) });
      }
      done += 1;
      progress();
    }
    working -= 1;
  }

  return {
    upload: async (files) => {
      byId('problems').replaceChildren();
      const metadata = options.metadata();
      const wanted = files.map(({ key, file }) => ({ key: options.folder() + key, file, metadata }));
      if (wanted.length === 0 || (!model.standIn && !(await confirmed(wanted.length, model)))) return;
      queue.push(...wanted);
      total += wanted.length;
      progress();
      while (working < Math.min(AT_ONCE, queue.length)) {
        working += 1;
        void work();
      }
    },
  };
}

interface Problem {
  readonly reason: string;
  readonly hint?: string | undefined;
}

/** Why the file can never become a model: in the words in which Meshdrop would reject it. */
async function problemOf(key: string, file: File, metadata: Metadata): Promise<Problem | undefined> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const type = imageTypeOf(head);
  const size = type ? await sizeOf(file) : undefined;
  const { problem } = await api.check(key, { bytes: file.size, ...size }, metadata);
  if (problem || type || file.size === 0) return problem ?? undefined;
  const { reason, advice } = whyNotAnImage(head);
  return { reason, hint: advice };
}

/** Undefined if this browser cannot decode it. Meshdrop decides then. */
async function sizeOf(file: File): Promise<{ width: number; height: number } | undefined> {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'none' });
    const { width, height } = picture;
    picture.close();
    return { width, height };
  } catch {
    return undefined;
  }
}

function tellProblem(key: string, { reason, hint }: Problem): void {
  const text = h(
    'span',
    {},
    h('strong', {}, key),
    ` was not uploaded: ${reason}.`,
    hint ? ` What to do: ${hint}.` : '',
  );
  const line = h(
    'li',
    {},
    text,
    h('button', { class: 'close', type: 'button', 'aria-label': 'Dismiss', onclick: () => line.remove() }, '×'),
  );
  byId('problems').append(line);
  say(`${key} was not uploaded: ${reason}`);
}

/** With real keys, asks before anything is bought. */
function confirmed(images: number, { typicalCu }: ModelView): Promise<boolean> {
  const cost = cuText(Math.ceil(images * typicalCu));
  // A dialog of its own each time: a browser can tell that the last one was closed after the next one is open.
  const dialog = h(
    'dialog',
    { id: 'confirm', class: 'confirm' },
    h(
      'form',
      { method: 'dialog' },
      h('h2', {}, `Make ${plural(images, 'model')}?`),
      h('p', {}, `This costs about ${cost} of your Scenario account. A generation cannot be canceled.`),
      h(
        'div',
        { class: 'buttons' },
        h('button', { class: 'button primary', value: 'yes' }, `Make ${plural(images, 'model')}`),
        h('button', { class: 'button', value: 'no', autofocus: true }, 'Cancel'),
      ),
    ),
  );
  byId('confirm').replaceWith(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
