import { type Outgoing } from '../core/scrub/outgoing.ts';

/** A stream to a person or a program. */
export interface Channel {
  /** Says a text that stands alone. It passes the hook (`Outgoing`): nothing that is said is anything else but this or `pass`. */
  write(text: string): void;
  /** What has passed the hook before: a stream that is scrubbed as one, or a document that has to stay one. */
  pass(text: string): void;
  /** Whether more was written than was taken, so that what is written now waits in memory. */
  isFull(): boolean;
  /** When what was written is no longer ours to keep. Who has much to say waits, since a reader may be slower than we are. */
  taken(): Promise<void>;
  /** Whether what is written may be coloured. */
  readonly colour: boolean;
}

/** Where a command line speaks to: answers on `out`, progress, messages and failures on `err`. */
export interface Terminal {
  readonly out: Channel;
  readonly err: Channel;
}

/** The terminal of this process; colour only where a person looks at a TTY and has not refused it (https://no-color.org). */
export function processTerminal(outgoing: Outgoing): Terminal {
  return { out: channel(process.stdout, outgoing), err: channel(process.stderr, outgoing) };
}

function channel(stream: NodeJS.WriteStream, outgoing: Outgoing): Channel {
  // Whoever reads us may have gone (`| head`): that is no fault of ours and no reason for a stack trace.
  stream.on('error', () => undefined);
  const refused = (process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb';
  return {
    write(text) {
      stream.write(outgoing.text(text));
    },
    pass(text) {
      stream.write(text);
    },
    isFull: () => stream.writableNeedDrain,
    taken: () => takenFrom(stream),
    colour: stream.isTTY && !refused,
  };
}

/** Also where nobody reads it any more. */
function takenFrom(stream: NodeJS.WriteStream): Promise<void> {
  if (!stream.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const events = ['drain', 'error', 'close'];
    const settle = (): void => {
      for (const event of events) stream.off(event, settle);
      resolve();
    };
    for (const event of events) stream.on(event, settle);
  });
}
