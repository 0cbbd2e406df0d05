import type { RenditionSettings } from '../../functions/contract/options.ts';
import type { Settings } from './settings.ts';

/** What SubmitJob reads of the settings. The lists are the only variables without a natural limit: `conflicts.ts` sets one. */
export function submitEnvironment(settings: Settings) {
  const { defaults, presets, ignorePrefixes, ignoreNames, maxCuPerRun, maxCuPerDay, metadataAllowed } = settings;
  return {
    MODEL: settings.model,
    PARAMETER_SETTINGS: JSON.stringify({ defaults, presets }),
    IGNORED: JSON.stringify({ prefixes: ignorePrefixes, names: ignoreNames }),
    MAX_CU_PER_RUN: String(maxCuPerRun),
    MAX_CU_PER_DAY: String(maxCuPerDay === 'none' ? Number.POSITIVE_INFINITY : maxCuPerDay),
    ON_DUPLICATE: settings.onDuplicate,
    METADATA_ALLOWED: JSON.stringify(metadataAllowed),
    CARRY_METADATA: JSON.stringify(settings.carryMetadata),
  };
}

/** What MakeRenditions reads of the settings. */
export function renditionSettings(settings: Settings): RenditionSettings {
  const {
    renditions: names,
    webMaxTriangles: maxTriangles,
    webMaxBytes: maxBytes,
    posterBackground: background,
  } = settings;
  return { names, maxTriangles, maxBytes, background };
}
