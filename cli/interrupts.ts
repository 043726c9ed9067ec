import { paint } from './answer.ts';
import { type Terminal } from './terminal.ts';

/**
 * Counts Ctrl-C and SIGTERM: the first asks for a stop that is kind to packer, a second one ends the watching.
 * Said each time, so that nobody presses it a third time in doubt.
 */
export function countInterrupts(terminal: Terminal, what: string, stop: () => Promise<unknown>): { count(): number; end(): void } {
  let count = 0;
  const onSignal = () => {
    count += 1;
    if (count > 1) return;
    terminal.err.write(
      `\n${paint(terminal.err, 'yellow', `${what} is asked to stop; a packer that runs cleans up what it made, which can take two minutes. Once more to leave it to itself.`)}\n`,
    );
    stop().catch((cause: unknown) => {
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
