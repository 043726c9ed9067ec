import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { keys } from '../../core/contract/keys.ts';
import { assertHandoverKey } from '../../core/contract/object-key.ts';
import { type RunId } from '../../core/identity.ts';
import { type Handover } from '../../core/ports.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { gzipLog } from './gzip-log.ts';

/**
 * `incoming/<run>/` below a home folder. Each part appears whole, under its own name, or not at all. A key that lies
 * anywhere else is a TypeError.
 *
 * @param of the run that hands over.
 */
export function handoverFolder(home: string, of: RunId): Handover {
  const fileOf = (key: string): string => {
    assertHandoverKey(key, of);
    return join(home, key);
  };
  return {
    async openLog(run) {
      const file = fileOf(keys.incoming(run).log);
      await mkdir(dirname(file), { recursive: true });
      const unfinished = join(dirname(file), '.packer.log.gz.partial');
      // What an earlier one left goes, rather than being written over: it may still be open.
      await rm(unfinished, { force: true });
      const log = gzipLog(createWriteStream(unfinished, { flags: 'wx', mode: 0o600 }));
      return {
        write: (text) => log.write(text),
        async close() {
          await log.close();
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
