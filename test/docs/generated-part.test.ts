import { expect, it } from 'vitest';
import { settingsSchema } from '../../infra/settings/settings.ts';
import { replacePart } from './generated-part.ts';
import { lifecyclePicture } from './lifecycle-picture.ts';
import { roomsTable } from './rooms-table.ts';
import { settingsTable } from './settings-table.ts';

it('replaces only the part between its markers', () => {
  const text = 'before\n<!-- settings: npm run docs -->\nstale\n<!-- end of settings -->\nafter\n';

  expect(replacePart(text, 'README.md', 'settings', 'fresh')).toBe(
    'before\n<!-- settings: npm run docs -->\n\nfresh\n\n<!-- end of settings -->\nafter\n',
  );
});

it('refuses a document without the markers', () => {
  expect(() => replacePart('# Meshdrop', 'README.md', 'settings', '')).toThrow('README.md: put <!-- settings');
});

it('describes all settings', () => {
  for (const [name, { description }] of Object.entries(settingsSchema.shape)) {
    expect(description).toMatch(/\w/);
    expect(settingsTable()).toContain(`| \`${name}\` | `);
  }
});

it.each([
  'maxAssetBytes` | the largest file to store, in bytes | 2,000,000,000 |',
  "eventBusName` | your own event bus | the account's default bus |",
  'ignorePrefixes` | uploads to ignore, by the start of their key | none |',
])('shows the default of a setting as a value, as text, or as nothing: %s', (row) => {
  expect(settingsTable()).toContain(row);
});

it('shows the allowed imports', () => {
  expect(roomsTable()).toContain('| what a run, a model or Scenario is | nothing |');
});

it('draws each step of a run, and no phase that follows itself', () => {
  expect(lifecyclePicture()).toContain('  sending --> submitted: a job ID, received or found\n');
  expect(lifecyclePicture()).not.toContain('sending --> sending');
});
