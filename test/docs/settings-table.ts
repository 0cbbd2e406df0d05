import { settingsSchema } from '../../infra/settings/settings.ts';

/** Returns the table of README.md: each setting, its meaning, and its default. */
export function settingsTable(): string {
  const rows = Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const [meaning = '', byDefault] = (schema.description ?? '').split('; by default, ');
    return `| \`${name}\` | ${meaning} | ${byDefault ?? shown(schema.safeParse(undefined).data)} |`;
  });
  return ['| Setting | Meaning | Default |', '| --- | --- | --- |', ...rows].join('\n');
}

function shown(value: unknown): string {
  if (Array.isArray(value) && value.length > 0) return value.map(shown).join(', ');
  if (typeof value === 'number') return value.toLocaleString('en');
  return typeof value === 'string' ? `\`${value}\`` : 'none';
}
