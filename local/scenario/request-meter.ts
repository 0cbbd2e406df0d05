/** Counts requests over a sliding window. */
export interface RequestMeter {
  /** Notes an arrival and says how many seconds it came too early, 0 when there was room for it. */
  arrive(atMs: number): number;
  /** The most arrivals, refused ones included, that any window has seen: what a caller has to keep low. */
  busiestWindow(): number;
}

/** Refused requests do not count against the limit: otherwise whoever knocks on would never be let in again. */
export function createRequestMeter(
  limits: () => { readonly requestsPerWindow: number; readonly windowSeconds: number },
): RequestMeter {
  let arrivals: number[] = [];
  let admitted: number[] = [];
  let busiest = 0;
  return {
    arrive(atMs) {
      const { requestsPerWindow, windowSeconds } = limits();
      const since = atMs - windowSeconds * 1000;
      arrivals = [...arrivals.filter((at) => at > since), atMs];
      busiest = Math.max(busiest, arrivals.length);
      admitted = admitted.filter((at) => at > since);
      const blocking = admitted[admitted.length - requestsPerWindow];
      if (blocking !== undefined) return (blocking - since) / 1000;
      admitted.push(atMs);
      return 0;
    },
    busiestWindow: () => busiest,
  };
}
