import { assembly } from '../../local/aws/assembly.ts';
import { readTemplate, type Template } from '../../local/aws/template.ts';
import { warmClients } from './aws-clients.ts';

let opened: Promise<Template> | undefined;

/** The synthesized stack, read once for all worlds; synthesized once for the same sources, then found by their hash. */
export function openStack(): Promise<Template> {
  opened ??= read();
  return opened;
}

async function read(): Promise<Template> {
  await warmClients();
  return await readTemplate(await assembly());
}

/** Of the queue that feeds SubmitJob. */
export function findUploadsArn({ eventSources }: Template): string {
  const source = eventSources.find(({ properties }) => properties.FunctionName === 'SubmitJob');
  if (!source) throw new Error('the template has no event source of SubmitJob');
  return source.properties.EventSourceArn;
}
