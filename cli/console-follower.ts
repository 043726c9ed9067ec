import { closeSync, openSync, readSync } from 'node:fs';

import { plainText } from '../core/packer-log/plain-text.ts';

export interface ConsoleFollower {
  readonly run: string;
  /** Gives what has come since the last call. */
  read(): void;
  close(): void;
}

/**
 * Follows the console of a run as it grows. The file stays readable through its descriptor when the run is
 * completed and its folder removed in between, so the last lines are not lost.
 */
export function followConsole(file: string, run: string, show: (text: string) => void): ConsoleFollower {
  let descriptor: number | undefined;
  const buffer = Buffer.alloc(64 * 1024);
  const decoder = new TextDecoder();
  return {
    run,
    read() {
      try {
        descriptor ??= openSync(file, 'r');
      } catch {
        return; // The run has not written anything yet.
      }
      for (let size = readSync(descriptor, buffer); size > 0; size = readSync(descriptor, buffer)) {
        show(plainText(decoder.decode(buffer.subarray(0, size), { stream: true })));
      }
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}
