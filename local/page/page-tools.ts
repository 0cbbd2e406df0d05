import type { Template } from '../aws/template.ts';
import type { LocalMeshdrop } from '../runs/local-meshdrop.ts';

/** What the page shows and what it acts on. */
export interface PageTools {
  readonly meshdrop: LocalMeshdrop;
  readonly template: Template;
  readonly standIn: boolean;
  /** The origin of the AWS endpoint. */
  readonly endpoint: string;
  /** The origin of Scenario or of the stand-in. */
  readonly scenario: string;
  /** Guards everything that can cost money. */
  readonly token: string | undefined;
  /** The most compute units of a day. Infinity: no limit. */
  readonly maxCuPerDay: () => number;
}

/** The variables of a function of the template. */
export function variablesOf({ functions }: Template, name: string): Readonly<Record<string, string>> {
  return functions.find((one) => one.name === name)?.properties.Environment?.Variables ?? {};
}
