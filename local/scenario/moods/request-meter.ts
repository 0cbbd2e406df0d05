/** Counts requests over a sliding window. */
export interface RequestMeter {
  /** Counts a request. Returns how many seconds too early it arrived, or 0 if it is within the limit. */
  arrive(atMs: number): number;
  /** Returns the highest number of requests, including refused ones, in any window. Clients must keep it low. */
  busiestWindow(): number;
}

/**
 * Creates a meter. Refused requests don't count toward the limit: otherwise, a client that keeps trying would never
 * succeed.
 */
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
