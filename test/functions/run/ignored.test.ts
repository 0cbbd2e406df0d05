import { expect, it } from 'vitest';
import { hasTemporaryName, isIgnored } from '../../../functions/run/ignored.ts';

const none = { prefixes: [], names: [] };

it.each([
  'chairs/',
  '/',
  '._oak.png',
  'chairs/._oak.png',
  '.DS_Store',
  'a/.ds_store',
  'Thumbs.db',
  'a/thumbs.DB',
  'desktop.ini',
  'Desktop.ini',
  '__MACOSX/oak.png',
  'a/__macosx/b/oak.png',
  'photos/@eaDir/oak.jpg/SYNOPHOTO_THUMB_XL.jpg',
  '$RECYCLE.BIN/oak.png',
  '.Trash-1000/files/oak.png',
  'Icon\r',
])('%j is ignored: computers leave it behind', (key) => {
  expect(isIgnored(key, none)).toBe(true);
});

it.each(['a.DS_Store', '.DS_Store/a.png', 'thumbs.db.png', '_oak.png', '.oak.png', '__MACOSX.png', 'desktop.ini.jpg'])(
  '%j is not ignored',
  (key) => {
    expect(isIgnored(key, none)).toBe(false);
  },
);

it('ignores names that the deployment lists, in any case, but not folders', () => {
  const names = ['*.PSD', 'draft-*', 'notes.{txt,md}'];

  for (const key of ['a/oak.psd', 'oak.PSD', 'Draft-1.png', 'a/notes.md'])
    expect(isIgnored(key, { ...none, names })).toBe(true);
  for (const key of ['oak.psd/a.png', 'a-draft-1.png', 'notes.png'])
    expect(isIgnored(key, { ...none, names })).toBe(false);
});

it('ignores keys below the prefixes that the deployment lists', () => {
  expect(isIgnored('drafts/oak.png', { ...none, prefixes: ['drafts/'] })).toBe(true);
  expect(isIgnored('a/drafts/oak.png', { ...none, prefixes: ['drafts/'] })).toBe(false);
});

it.each([
  'oak.png.part',
  'oak.png.filepart',
  'oak.png.crdownload',
  'a/oak.png.TMP',
  'oak.a1b2c3d4.partial',
  '.oak.png.swp',
  '~$oak.docx',
  '.oak.png.Xa3b9Z',
  '.~lock.oak.odg#',
  '.goutputstream-AB12CD',
  'oak.png.sb-1a2b3c4d-Ab12Cd',
])('%j is a name that a file has only for a while', (key) => {
  expect(hasTemporaryName(key)).toBe(true);
});

it.each(['oak.png', 'oak.tmp.png', 'party.jpg', '.oak.png', 'oak.part/oak.png', 'oak.bak', '.oak.v2.abcdef'])(
  '%j is a name to stay',
  (key) => {
    expect(hasTemporaryName(key)).toBe(false);
  },
);
