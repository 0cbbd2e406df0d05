import type { RenditionName } from '../../functions/contract/options.ts';
import { channelResults } from '../../functions/contract/renditions.ts';
import { renditionsSchema } from '../../functions/contract/schemas.ts';
import { parseJson } from '../../functions/platform/json.ts';
import { readTolerantly } from '../../functions/platform/documents.ts';
import { assetFolder, renditionsKey } from '../../functions/run/keys.ts';
import type { Template } from '../aws/template.ts';
import { type Assets, readDocument } from './documents.ts';
import type { RenditionsView } from './runs.ts';

export const MAKE_RENDITIONS = 'MakeRenditions';

export function makesRenditions({ functions }: Template): boolean {
  return functions.some(({ name }) => name === MAKE_RENDITIONS);
}

/** Returns the stack without the part that makes renditions. */
export function withoutRenditions(template: Template): Template {
  const sources = template.eventSources.filter(({ properties }) => properties.FunctionName === MAKE_RENDITIONS);
  const queues = sources.map(({ properties }) => properties.EventSourceArn);
  return {
    ...template,
    functions: template.functions.filter(({ name }) => name !== MAKE_RENDITIONS),
    eventSources: template.eventSources.filter((source) => !sources.includes(source)),
    rules: template.rules.filter(({ properties }) => !properties.Targets.some(({ Arn }) => queues.includes(Arn))),
  };
}

/** Changes which renditions are made, in the value of the variable RENDITION_SETTINGS. */
export function renditionVariable({ functions }: Template, names: readonly RenditionName[]): Record<string, string> {
  const found = functions.find(({ name }) => name === MAKE_RENDITIONS);
  const settings = found?.properties.Environment?.Variables['RENDITION_SETTINGS'];
  return settings === undefined
    ? {}
    : { RENDITION_SETTINGS: JSON.stringify({ ...Object(parseJson(settings)), names }) };
}

/** Reads the renditions of a run. Undefined if there are none, or none in its own folder. */
export function readRenditionsOf(
  { runId, key }: { readonly runId: string; readonly key: string },
  assets: Assets,
): RenditionsView | undefined {
  const at = renditionsKey(assetFolder(key, runId));
  const renditions = readTolerantly(renditionsSchema, readDocument(at, assets));
  return renditions && { key: at, files: renditions.files, certificates: channelResults(renditions.certificates) };
}
