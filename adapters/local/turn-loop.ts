import { type Clock } from '../../core/ports.ts';
import { type Turns } from '../../core/turn.ts';

export interface TurnLoop extends Turns {
  /** Takes no more turns, and waits for those that are being taken. */
  stop(): Promise<void>;
}

/**
 * Goes on with everything that is open, again and again: what waits for a time, what a run has ended meanwhile, what other
 * commands on this machine have asked for. A turn that is sent only wakes it.
 *
 * @param pause milliseconds between two goes. `wait` may return early.
 * @param goOn does what is due, for all builders (`reconcile`). What it throws is told, and the next go tries again.
 */
export function startTurnLoop(
  pause: number,
  goOn: () => Promise<unknown>,
  tell: (problem: unknown) => void,
  { clock, wait }: { readonly clock: Clock; readonly wait: (milliseconds: number, until: AbortSignal) => Promise<void> },
): TurnLoop {
  const ending = new AbortController();
  let sleeping = new AbortController();
  let woken = false;
  const wake = () => {
    woken = true;
    sleeping.abort();
  };
  const running = (async () => {
    while (!ending.signal.aborted) {
      woken = false;
      try {
        await goOn();
      } catch (cause) {
        tell(cause);
      }
      const next = clock.now() + pause;
      while (!woken && !ending.signal.aborted && clock.now() < next) {
        sleeping = new AbortController();
        await wait(next - clock.now(), sleeping.signal);
      }
    }
  })();
  return {
    async send() {
      wake();
    },
    async stop() {
      ending.abort();
      wake();
      await running;
    },
  };
}
