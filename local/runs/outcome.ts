import { chargeOf, isFinal, recordSchema } from '../../functions/run/record.ts';
import { type Assets, readDocument } from './documents.ts';
import { exportedFile } from './export.ts';
import { manifestSchema } from '../../functions/contract/schemas.ts';
import { manifestKey, recordKey } from '../../functions/run/keys.ts';

/** How a run ended, and its files on this machine. */
export interface RunOutcome {
  readonly status: 'stored' | 'failed' | 'rejected';
  /** The path of the model, relative to the folder of all models. */
  readonly model: string | null;
  /** The path of a picture of the model. */
  readonly preview: string | null;
  readonly manifest: string;
  readonly code: string | null;
  readonly reason: string | null;
  /** The charged compute units or, if unknown, the quoted ones. null if there was no job. */
  readonly cu: number | null;
  /** The run that made the model, if it was another one. */
  readonly reusedFrom: string | null;
}

/** Reads the manifest of a run, and its record for the rest. */
export function outcomeOf(
  { runId, key }: { readonly runId: string; readonly key: string },
  from: Assets,
  out: string,
): RunOutcome {
  const place = manifestKey(key, runId);
  const { status, assets, failure, job, reusedFrom } = manifestSchema.parse(readDocument(place, from));
  const record = recordSchema.parse(readDocument(recordKey(runId), from));
  const charge = job && isFinal(record) ? (chargeOf(record) ?? record.quote) : undefined;
  const pathOf = (wanted: string) => {
    const asset = assets.find(({ role }) => role === wanted);
    return status === 'stored' && asset ? exportedFile(out, asset.key) : null;
  };
  return {
    status,
    model: pathOf('model'),
    preview: pathOf('preview'),
    manifest: exportedFile(out, place),
    code: failure?.code ?? null,
    reason: failure?.reason ?? null,
    cu: charge ?? null,
    reusedFrom: reusedFrom ?? null,
  };
}
