import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { synthesizedStack } from '../infra/synthesized.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operations.md'), 'utf8');
const sections = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title);
const alarms = Object.entries(synthesizedStack().resources('AWS::CloudWatch::Alarm')).map(([name, { Properties }]) => ({
  name: name.split('/').at(-1) ?? '',
  description: String(Properties['AlarmDescription']),
}));

describe('docs/operations.md', () => {
  it.each(alarms)('has a section about the alarm, which the alarm names: $name', ({ name, description }) => {
    expect(sections).toContain(name);
    expect(description).toMatch(new RegExp(` Runbook: docs/operations\\.md#${name.toLowerCase()}$`));
    expect(description.length).toBeLessThan(1_024);
  });

  it('says of each what to do, what it cannot see, and why it has its threshold', () => {
    for (const { name } of alarms) {
      const section = page.split(`\n### ${name}\n`)[1]?.split('\n#')[0] ?? '';
      for (const part of ['Do', "It can't see", 'Threshold'])
        expect(`${name}: ${section}`).toContain(`- **${part}:** `);
    }
  });
});
