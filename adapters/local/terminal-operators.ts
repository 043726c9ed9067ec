import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { plainText } from '../../core/packer-log/plain-text.ts';
import { type Operators } from '../../core/ports.ts';
import { isAbsence } from './atomic-file.ts';

/** Where the embedded home keeps the notices that the operators got: one JSON object a line. */
export const noticesFile = 'state/packer/notices.jsonl';

/** Operators on one machine: the terminal at hand, and a log. A notice whose key the log has was told before. */
export function terminalOperators(home: string, say: (text: string) => void): Operators {
  const file = join(home, noticesFile);
  return {
    async notify(notice) {
      if (await isTold(file, notice.key)) return;
      await mkdir(dirname(file), { recursive: true });
      await appendFile(file, `${JSON.stringify(notice)}\n`, { mode: 0o600 });
      say(plainText(`! ${notice.subject} (build ${notice.build})\n${notice.message.replace(/^/gm, '  ')}`));
    },
  };
}

async function isTold(file: string, key: string): Promise<boolean> {
  try {
    return (await readFile(file, 'utf8')).includes(`{"key":${JSON.stringify(key)},`);
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}
