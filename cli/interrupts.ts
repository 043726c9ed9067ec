import { paint } from './answer.ts';
import { type Terminal } from './terminal.ts';

/**
 * Counts Ctrl-C and SIGTERM, and answers the first one at once.
 *
 * @param answer what a person is told at the first one.
 * @param act what is done at the first one.
 */
export function countInterrupts(terminal: Terminal, answer: string, act: () => Promise<unknown>): { count(): number; end(): void } {
  let count = 0;
  const onSignal = () => {
    count += 1;
    if (count > 1) return;
    terminal.err.write(`\n${paint(terminal.err, 'yellow', answer)}\n`);
    act().catch((cause: unknown) => {
      terminal.err.write(`the wish to stop could not be recorded: ${cause instanceof Error ? cause.message : String(cause)}\n`);
    });
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    count: () => count,
    end() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
