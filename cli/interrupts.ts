import { paint } from './answer.ts';
import { type Terminal } from './terminal.ts';

/**
 * Counts Ctrl-C and SIGTERM.
 *
 * @param act what is done at the first one; it gives what a person is told then.
 */
export function countInterrupts(terminal: Terminal, act: () => Promise<string>): { count(): number; end(): void } {
  let count = 0;
  const onSignal = () => {
    count += 1;
    if (count > 1) return;
    act().then(
      (answer) => terminal.err.write(`\n${paint(terminal.err, 'yellow', answer)}\n`),
      (cause: unknown) =>
        terminal.err.write(`\nthe wish to stop could not be recorded: ${cause instanceof Error ? cause.message : String(cause)}\n`),
    );
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
