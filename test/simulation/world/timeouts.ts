import { invocations } from './invocation.ts';

const limits = new WeakMap<AbortSignal, number>();
const real = AbortSignal.timeout.bind(AbortSignal);

/**
 * Inside a simulated function, the world's clock counts the timeout. The signal itself never fires: the simulated
 * `fetch` asks for its limit.
 */
AbortSignal.timeout = (ms) => {
  const invocation = invocations.getStore();
  if (!invocation) return real(ms);
  const { signal } = new AbortController();
  limits.set(signal, invocation.world.clock.now() + ms);
  return signal;
};

/** Returns the time limit of this signal. */
export function limitOf(signal: AbortSignal | null | undefined): number | undefined {
  return signal ? limits.get(signal) : undefined;
}
