import { assembly } from '../../../local/aws/assembly.ts';
import { readTemplate, type Template } from '../../../local/aws/template.ts';
import { warmClients } from './aws-clients.ts';

let opened: Promise<Template> | undefined;

/** Reads the synthesized stack once for all worlds. Reuses an earlier assembly if no source has changed. */
export function openStack(): Promise<Template> {
  opened ??= read();
  return opened;
}

async function read(): Promise<Template> {
  await warmClients();
  return await readTemplate(await assembly());
}

/** Returns the ARN of the queue that feeds SubmitJob. */
export function findUploadsArn({ eventSources }: Template): string {
  const source = eventSources.find(({ properties }) => properties.FunctionName === 'SubmitJob');
  if (!source) throw new Error('the template has no event source of SubmitJob');
  return source.properties.EventSourceArn;
}
