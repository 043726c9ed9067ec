import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { type Operators } from '../../core/ports.ts';

/** Where the embedded home keeps the notices that the operators got: one JSON object a line. */
export const noticesFile = 'state/packer/notices.jsonl';

/** Operators on one machine: the terminal at hand, and a log. */
export function terminalOperators(home: string, say: (text: string) => void): Operators {
  return {
    async notify(notice) {
      const file = join(home, noticesFile);
      await mkdir(dirname(file), { recursive: true });
      await appendFile(file, `${JSON.stringify(notice)}\n`, { mode: 0o600 });
      say(`! ${notice.subject} (build ${notice.build})\n${notice.message.replace(/^/gm, '  ')}`);
    },
  };
}
