import { type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

import { type LogWriter } from '../../core/ports.ts';

/**
 * A log that is compressed as it is written. What waits in memory is what zlib and the sink have not taken yet, and no more
 * than a few pieces for whoever waits when told.
 *
 * @param sink is ended when the log is closed. Where it fails, a full disk for instance, closing throws its error.
 */
export function gzipLog(sink: Writable): LogWriter {
  const compressed = createGzip();
  const written = pipeline(compressed, sink);
  // A failure shows when the log is closed; until then it must be no unhandled rejection.
  written.catch(() => undefined);
  return {
    write(text) {
      if (compressed.destroyed || compressed.write(text)) return undefined;
      return new Promise((resolve) => {
        const go = () => {
          compressed.off('drain', go).off('close', go);
          resolve();
        };
        compressed.on('drain', go).on('close', go);
      });
    },
    async close() {
      if (!compressed.destroyed) compressed.end();
      await written;
    },
  };
}
