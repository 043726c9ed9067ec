import { open } from 'node:fs/promises';

import { type Consoles, consolePiece, strangePlace } from '../core/api/dispatcher.ts';
import { FailureError } from '../core/failure-error.ts';
import { plainText } from '../core/packer-log/plain-text.ts';
import { type Embedded } from './embedded.ts';

/** What the runs of this machine say while they are under way. A place is how many bytes come before it. */
export function consolesOf(embedded: Embedded): Consoles {
  return {
    async read(run, from) {
      if (!/^\d{1,15}$/.test(from)) throw new FailureError(strangePlace(from));
      const after = Number(from);
      const file = await open(embedded.consoleFile(run), 'r').catch(() => undefined);
      if (file === undefined) return { text: '', next: from };
      try {
        const buffer = Buffer.alloc(consolePiece);
        const { bytesRead } = await file.read(buffer, 0, consolePiece, after);
        // To the end of a line, so that no character and no line is given in two pieces.
        const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
        const size = end > 0 || bytesRead < consolePiece ? end : bytesRead;
        return { text: plainText(buffer.subarray(0, size).toString()), next: `${after + size}` };
      } finally {
        await file.close();
      }
    },
  };
}
