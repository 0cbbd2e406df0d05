import type * as z from 'zod';
import { settingsSchema } from '../../infra/settings/settings.ts';

/** Returns the table of README.md: each setting, its meaning, and its default. */
export function settingsTable(): string {
  const rows = Object.entries(settingsSchema.shape).map(
    ([name, schema]) => `| \`${name}\` | ${meaningOf(schema)} | ${defaultOf(schema)} |`,
  );
  return ['| Setting | Meaning | Default |', '| --- | --- | --- |', ...rows].join('\n');
}

/** What a setting means, from its description. */
export function meaningOf({ description = '' }: z.ZodType): string {
  return description.split('; by default, ')[0] ?? '';
}

/** The default of a setting: what its description says of it, or the value itself. */
export function defaultOf(schema: z.ZodType): string {
  return schema.description?.split('; by default, ')[1] ?? shown(schema.safeParse(undefined).data);
}

function shown(value: unknown): string {
  if (Array.isArray(value) && value.length > 0) return value.map(shown).join(', ');
  if (typeof value === 'number') return value.toLocaleString('en');
  if (typeof value === 'boolean') return `\`${value}\``;
  return typeof value === 'string' ? `\`${value}\`` : 'none';
}
