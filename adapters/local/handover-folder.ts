import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

import { keys } from '../../core/contract/keys.ts';
import { assertKey } from '../../core/contract/object-key.ts';
import { type RunId } from '../../core/identity.ts';
import { type Handover } from '../../core/ports.ts';
import { writeFileAtomically } from './atomic-file.ts';

/**
 * `incoming/<run>/` below a home folder. Each part appears whole, under its own name, or not at all. A key that lies
 * anywhere else is a TypeError.
 *
 * @param of the run that hands over.
 */
export function handoverFolder(home: string, of: RunId): Handover {
  const fileOf = (key: string): string => {
    assertKey(key);
    const folder = `incoming/${of}/`;
    if (!key.startsWith(folder)) throw new TypeError(`nothing is handed over under ${JSON.stringify(key)}, which is not below ${folder}`);
    return join(home, key);
  };
  return {
    async openLog(run) {
      const file = fileOf(keys.incoming(run).log);
      await mkdir(dirname(file), { recursive: true });
      const unfinished = join(dirname(file), '.packer.log.gz.partial');
      // What an earlier one left goes, rather than being written over: it may still be open.
      await rm(unfinished, { force: true });
      const compressed = createGzip();
      const written = pipeline(compressed, createWriteStream(unfinished, { flags: 'wx', mode: 0o600 }));
      // A full disk shows when the log is closed; until then it must be no unhandled rejection.
      written.catch(() => undefined);
      return {
        write: (line) => {
          if (!compressed.destroyed) compressed.write(`${line}\n`);
        },
        async close() {
          if (!compressed.destroyed) compressed.end();
          await written;
          const handle = await open(unfinished, 'r');
          await handle.sync();
          await handle.close();
          await rename(unfinished, file);
        },
      };
    },
    async put(key, text) {
      await writeFileAtomically(fileOf(key), text, 0o600);
    },
  };
}
