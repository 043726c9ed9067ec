import { type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

import { type LogWriter } from '../../core/ports.ts';

/**
 * A log that is compressed as it is written: what waits in memory is what the sink has not taken yet.
 *
 * @param sink is ended when the log is closed. Where it fails, a full disk for instance, closing throws its error.
 */
export function gzipLog(sink: Writable): LogWriter {
  const compressed = createGzip();
  const written = pipeline(compressed, sink);
  // A failure shows when the log is closed; until then it must be no unhandled rejection.
  written.catch(() => undefined);
  return {
    write(line) {
      if (!compressed.destroyed) compressed.write(`${line}\n`);
    },
    async close() {
      if (!compressed.destroyed) compressed.end();
      await written;
    },
  };
}
