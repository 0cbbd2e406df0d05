export interface SpendLimits {
  readonly maxCuPerRun?: number | undefined;
  readonly maxCuPerDay?: number | undefined;
}

/**
 * What SubmitJob is told about money, as its environment.
 *
 * @throws Error when an image that is allowed would never fit into a day
 */
export function spendLimits({ maxCuPerRun = 150, maxCuPerDay = Number.POSITIVE_INFINITY }: SpendLimits) {
  if (maxCuPerDay < maxCuPerRun)
    throw new Error(
      `maxCuPerDay: ${maxCuPerDay} is less than maxCuPerRun, ${maxCuPerRun}: a dear image would wait for ever`,
    );
  return { MAX_CU_PER_RUN: String(maxCuPerRun), MAX_CU_PER_DAY: String(maxCuPerDay) };
}
