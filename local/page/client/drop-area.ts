import { byId } from './dom.ts';

/** A file, and its path in the folder that was dropped. */
interface Given {
  readonly key: string;
  readonly file: File;
}

/** Takes files that are dropped, also in folders, pasted, chosen, or photographed. */
export function takeFiles(onFiles: (files: readonly Given[]) => void): void {
  const named = (files: Iterable<File>) =>
    [...files].map((file) => ({ key: file.webkitRelativePath || file.name, file }));
  for (const id of ['choose', 'choose-folder', 'camera']) {
    const input = byId(id, HTMLInputElement);
    input.addEventListener('change', () => {
      onFiles(named(input.files ?? []));
      // The same file can be chosen again.
      input.value = '';
    });
  }
  const area = document.documentElement;
  let depth = 0;
  const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false;
  addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    area.classList.add('dragging');
  });
  addEventListener('dragleave', (event) => {
    if (!hasFiles(event)) return;
    depth -= 1;
    if (depth <= 0) area.classList.remove('dragging');
  });
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    depth = 0;
    area.classList.remove('dragging');
    if (event.dataTransfer) void filesIn(event.dataTransfer).then(onFiles);
  });
  addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    // Every pasted picture has the same name.
    const pasted = files.map((file) => ({ key: pastedName(file), file }));
    if (pasted.length > 0) onFiles(pasted);
  });
}

function pastedName(file: File): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  return /^image\.\w+$/.test(file.name) ? `pasted ${time}.${file.name.split('.').at(-1)}` : file.name;
}

/** A folder is read to its end: one folder that cannot be read takes no other file with it. */
async function filesIn({ items, files }: DataTransfer): Promise<readonly Given[]> {
  // The entries are gone after the first await.
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return [...files].map((file) => ({ key: file.name, file }));
  return (await Promise.all(entries.map((entry) => filesBelow(entry)))).flat();
}

async function filesBelow(entry: FileSystemEntry): Promise<readonly Given[]> {
  const key = entry.fullPath.replace(/^\//, '');
  try {
    if (isFile(entry)) {
      const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
      return [{ key, file }];
    }
    return isFolder(entry) ? (await Promise.all((await entriesOf(entry)).map((one) => filesBelow(one)))).flat() : [];
  } catch {
    return [];
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

/** A reader gives a hundred entries at a time. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
