/** What must never expire in the asset bucket: without it, an image is bought again, or a paid model has no record. */
export const PERMANENT = ['runs/', 'results/', 'control/'] as const;

/** Those of them that a lifecycle rule for this prefix reaches. The empty prefix is the whole bucket. */
export function permanentBelow(prefix: string): readonly string[] {
  return PERMANENT.filter((folder) => folder.startsWith(prefix) || prefix.startsWith(folder));
}
