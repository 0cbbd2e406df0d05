import { settingsSchema } from '../../infra/settings/settings.ts';

/** The table of README.md: every setting, what it means and its default. */
export function settingsTable(): string {
  const rows = Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const [meaning = '', byDefault] = (schema.description ?? '').split('; by default, ');
    return `| \`${name}\` | ${meaning} | ${byDefault ?? shown(schema.safeParse(undefined).data)} |`;
  });
  return ['| Setting | Meaning | Default |', '| --- | --- | --- |', ...rows].join('\n');
}

function shown(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en');
  return typeof value === 'string' ? `\`${value}\`` : 'none';
}
