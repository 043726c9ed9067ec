import { type Writable } from 'node:stream';

/** Where a command line speaks to: documents on `out`, everything for people on `err`. */
export interface Terminal {
  readonly out: Writable;
  readonly err: Writable;
  /** Whether text on `err` may be coloured. */
  readonly colour: boolean;
  /** Columns of the terminal at `err`; 100 where there is none. */
  readonly columns: number;
}

/** The terminal of this process; colour only for a person at a TTY who has not refused it (https://no-color.org). */
export function processTerminal(): Terminal {
  // Whoever reads us may have gone (`| head`): that is no fault of ours and no reason for a stack trace.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return {
    out: process.stdout,
    err: process.stderr,
    colour: process.stderr.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb',
    columns: process.stderr.columns ?? 100,
  };
}
