import { assembly } from '../../local/aws/assembly.ts';
import { readTemplate, type Template } from '../../local/aws/template.ts';
import { warmClients } from './aws-clients.ts';
import { type Plan, planOf } from './machine.ts';

/** The synthesized stack, read once for all worlds. */
export interface Stack {
  readonly template: Template;
  readonly plan: Plan;
}

let opened: Promise<Stack> | undefined;

/** Synthesized once for the same sources, then found by their hash. */
export function openStack(): Promise<Stack> {
  opened ??= read();
  return opened;
}

async function read(): Promise<Stack> {
  await warmClients();
  const template = await readTemplate(await assembly());
  return { template, plan: planOf(template.machine.properties.DefinitionString) };
}
