import type { Cancel, Clock } from '../clock.ts';

/**
 * Tracks which messages are hidden, and until when. In memory only: if the process ends, all its messages become
 * visible again.
 */
export interface Visibility {
  hide(messageId: string, ms: number): void;
  isVisible(messageId: string): boolean;
  /** Returns for how much longer the message is hidden. */
  leftMs(messageId: string): number;
  forget(messageId: string): void;
  /** Cancels all timers. */
  close(): void;
}

/** @param onVisible called whenever a hidden message becomes visible */
export function createVisibility(clock: Clock, onVisible: () => void): Visibility {
  const hidden = new Map<string, { readonly until: number; readonly cancel: Cancel }>();
  const untilOf = (messageId: string) => hidden.get(messageId)?.until ?? 0;

  function forget(messageId: string): void {
    hidden.get(messageId)?.cancel();
    hidden.delete(messageId);
  }

  return {
    hide: (messageId, ms) => {
      forget(messageId);
      hidden.set(messageId, { until: clock.now() + ms, cancel: clock.after(ms, onVisible) });
    },
    isVisible: (messageId) => untilOf(messageId) <= clock.now(),
    leftMs: (messageId) => untilOf(messageId) - clock.now(),
    forget,
    close: () => {
      for (const messageId of hidden.keys()) forget(messageId);
    },
  };
}
