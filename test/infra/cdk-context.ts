import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

export const project = join(import.meta.dirname, '..', '..');

const cdkJson = z.object({ context: z.record(z.string(), z.unknown()) });

/** The feature flags that a deploy has; no bundling, which template tests don't need. */
export function cdkContext(): Record<string, unknown> {
  const { context } = cdkJson.parse(JSON.parse(readFileSync(join(project, 'cdk.json'), 'utf8')));
  return { ...context, 'aws:cdk:bundling-stacks': [] };
}
