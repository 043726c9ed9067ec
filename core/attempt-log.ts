import { type PackerRun } from './packer-log/packer-run.ts';
import { packerRunReader } from './packer-log/packer-run-reader.ts';
import { type Handover, type LogWriter, type PackerOutcome } from './ports.ts';
import { type AttemptRequest } from './request.ts';
import { plainText } from './packer-log/plain-text.ts';
import { type FileScrub } from './scrub/file-scrub.ts';

/**
 * A log is kept whole up to `head` characters; of a longer one the beginning and the last `tail` characters. A line counts
 * for 16 at least: whoever completes takes a bounded number of lines, too (`handoverLimits`).
 */
export const logLimit = { head: 16 * 1024 * 1024, tail: 4 * 1024 * 1024 } as const;

/** Runs packer and writes what it prints, scrubbed, into the handover; nothing else ever sees a raw line. */
export async function recordLog(
  ports: { readonly handover: Handover; readonly watch: (line: string) => void },
  request: AttemptRequest,
  scrub: FileScrub,
  run: (onLine: (line: string) => void) => Promise<PackerOutcome>,
): Promise<{ readonly outcome: PackerOutcome; readonly run: PackerRun }> {
  const reader = packerRunReader();
  const log = boundedLog(await ports.handover.openLog(request.run));
  const take = (scrubbed: string) => {
    if (scrubbed === '') return;
    for (const line of scrubbed.slice(0, -1).split('\n')) {
      log.write(line);
      reader.line(line);
      ports.watch(line);
    }
  };
  // Terminal escapes go first: a colour within a secret would hide it.
  const outcome = await run((raw) => take(scrub.push(`${plainText(raw)}\n`)));
  take(scrub.rest());
  await log.close();
  return { outcome, run: reader.end() };
}

function costOf(line: string): number {
  return Math.max(line.length + 1, 16);
}

/** Writes the head of a long log at once and keeps its tail in memory, which holds the errors. */
export function boundedLog(writer: LogWriter, limit: { readonly head: number; readonly tail: number } = logLimit): LogWriter {
  let written = 0;
  let kept = 0;
  let tail: string[] = [];
  /** Lines at the beginning of `tail` that are dropped already; they are cut off in bulk, since `shift` costs the whole array. */
  let dropped = 0;
  let left = 0;
  return {
    write(line) {
      if (tail.length === 0 && written + line.length < limit.head) {
        written += costOf(line);
        writer.write(line);
        return;
      }
      tail.push(line);
      kept += costOf(line);
      while (kept > limit.tail && dropped < tail.length - 1) {
        kept -= costOf(tail[dropped] ?? '');
        dropped += 1;
        left += 1;
      }
      if (dropped > tail.length / 2) {
        tail = tail.slice(dropped);
        dropped = 0;
      }
    },
    async close() {
      if (left > 0) writer.write(`[hybridcore-packer: ${left} lines are left out here, since the log is too long]`);
      for (const line of tail.slice(dropped)) writer.write(line);
      await writer.close();
    },
  };
}
