import { invocations } from './invocation.ts';

const limits = new WeakMap<AbortSignal, number>();
const real = AbortSignal.timeout.bind(AbortSignal);

/**
 * Inside of a simulated function a time-out is counted on the world's clock. The signal itself never fires: the simulated
 * `fetch` asks for its limit.
 */
AbortSignal.timeout = (ms) => {
  const invocation = invocations.getStore();
  if (!invocation) return real(ms);
  const { signal } = new AbortController();
  limits.set(signal, invocation.world.clock.now() + ms);
  return signal;
};

/** When whoever gave this signal wants no answer any more. */
export function limitOf(signal: AbortSignal | null | undefined): number | undefined {
  return signal ? limits.get(signal) : undefined;
}
