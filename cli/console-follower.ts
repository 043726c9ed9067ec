import { closeSync, openSync, readSync } from 'node:fs';

import { plainText } from '../core/packer-log/plain-text.ts';
import { type Channel } from './terminal.ts';

export interface ConsoleFollower {
  readonly run: string;
  /** Gives what has come since the last call, as far as it is taken: what is not stays in the file for the next call. */
  read(): void;
  /** Gives all that has come, as fast as it is taken. */
  readAll(): Promise<void>;
  close(): void;
}

/**
 * Follows the console of a run as it grows. The file stays readable through its descriptor when the run is
 * completed and its folder removed in between, so the last lines are not lost.
 */
export function followConsole(file: string, run: string, out: Pick<Channel, 'pass' | 'isFull' | 'taken'>): ConsoleFollower {
  let descriptor: number | undefined;
  const buffer = Buffer.alloc(64 * 1024);
  const decoder = new TextDecoder();
  /** @returns whether there was any. */
  const showPiece = (): boolean => {
    try {
      descriptor ??= openSync(file, 'r');
    } catch {
      return false; // The run has not written anything yet.
    }
    const size = readSync(descriptor, buffer);
    if (size > 0) out.pass(plainText(decoder.decode(buffer.subarray(0, size), { stream: true })));
    return size > 0;
  };
  return {
    run,
    read() {
      while (!out.isFull() && showPiece());
    },
    async readAll() {
      do {
        // One after another on purpose: memory holds one piece of what is not taken yet.
        await out.taken();
      } while (showPiece());
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}
