import { UsageError } from '../../operator/usage-error.ts';
import { listenOnLoopback, type Loopback, PortUnavailableError } from '../http/loopback.ts';

/** @throws UsageError that names the option for another port */
export async function openPort(port: number, option: string): Promise<Loopback> {
  try {
    return await listenOnLoopback(port);
  } catch (cause) {
    if (!(cause instanceof PortUnavailableError)) throw cause;
    throw new UsageError(`${cause.message}: name another port with ${option}; 0 means any free port`, { cause });
  }
}
