import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { plainText } from '../../core/packer-log/plain-text.ts';
import { type Notice, type Operators } from '../../core/ports.ts';
import * as z from '../../core/zod.ts';
import { makeFolder } from './atomic-file.ts';

/** Where the embedded home keeps the notices that the operators got: one JSON object a line. */
export const noticesFile = 'state/packer/notices.jsonl';

const LoggedNotice = z.object({ key: z.string() });

/**
 * Operators on one machine: the terminal at hand, and a log. A notice whose key the log has was told before. It is
 * said first and logged after, so a crash in between tells it twice rather than never; for the same reason several
 * processes with the same notice at once may each tell it. The log is on the disk on return.
 *
 * @param say shows a text to whoever sits there. Where it throws, the notice counts as not told.
 */
export function terminalOperators(home: string, say: (text: string) => void): Operators {
  const file = join(home, noticesFile);
  let before: Promise<void> = Promise.resolve();
  return {
    // One after another, so that one client tells a notice once however often it is asked at once.
    notify(notice) {
      const told = before.then(() => tell(file, notice, say));
      before = told.catch(() => undefined);
      return told;
    },
  };
}

async function tell(file: string, notice: Notice, say: (text: string) => void): Promise<void> {
  await makeFolder(dirname(file));
  const log = await open(file, 'a+', 0o600);
  try {
    const text = await log.readFile('utf8');
    if (isTold(text, notice.key)) return;
    say(spoken(notice));
    // What a full disk or a power cut left of a line must not run into this one.
    const apart = text === '' || text.endsWith('\n') ? '' : '\n';
    await append(log, `${apart}${JSON.stringify(notice)}\n`);
    if (text === '') await syncFolder(dirname(file));
  } finally {
    await log.close();
  }
}

/** In one piece, so that processes that append at once do not mix their lines. */
async function append(log: FileHandle, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  const { bytesWritten } = await log.write(bytes);
  if (bytesWritten < bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes of a notice went into ${noticesFile}`);
  await log.datasync();
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A line that is not whole tells nothing: its notice is told again. */
function isTold(log: string, key: string): boolean {
  return log.split('\n').some((line) => line !== '' && keyOf(line) === key);
}

function keyOf(line: string): string | undefined {
  try {
    return LoggedNotice.safeParse(JSON.parse(line)).data?.key;
  } catch {
    return undefined;
  }
}

/** The subject on a line of its own, which no line of the message can be taken for. */
function spoken({ subject, build, message }: Notice): string {
  return `! ${plainText(subject).replaceAll('\n', ' ')} (build ${build})\n${plainText(message).replace(/^/gm, '  ')}`;
}
