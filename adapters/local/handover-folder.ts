import { createWriteStream } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

import { keys } from '../../core/contract/keys.ts';
import { type Handover } from '../../core/ports.ts';
import { writeFileAtomically } from './atomic-file.ts';

/** `incoming/<run>/` below a home folder. Each part appears whole, under its own name, or not at all. */
export function handoverFolder(home: string): Handover {
  return {
    async openLog(run) {
      const file = join(home, keys.incoming(run).log);
      await mkdir(dirname(file), { recursive: true });
      const unfinished = join(dirname(file), '.packer.log.gz.partial');
      const compressed = createGzip();
      const written = pipeline(compressed, createWriteStream(unfinished, { mode: 0o600 }));
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
      await writeFileAtomically(join(home, key), text, 0o600);
    },
  };
}
