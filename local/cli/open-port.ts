import { UsageError } from '../../operator/usage-error.ts';
import { listenOnLoopback, type Loopback, PortUnavailableError } from '../http/loopback.ts';

/** @throws UsageError naming the option that chooses another port */
export async function openPort(port: number, option: string): Promise<Loopback> {
  try {
    return await listenOnLoopback(port);
  } catch (cause) {
    if (!(cause instanceof PortUnavailableError)) throw cause;
    throw new UsageError(`${cause.message}: name another with ${option}, 0 takes a free one`, { cause });
  }
}
