import { handoverLimits } from './handed-over.ts';
import { type PackerRun } from './packer-log/packer-run.ts';
import { packerRunReader } from './packer-log/packer-run-reader.ts';
import { type Handover, type LogWriter, type PackerOutcome } from './ports.ts';
import { type AttemptRequest } from './request.ts';
import { type FileScrub } from './scrub/file-scrub.ts';
import { lineScrub } from './scrub/scrub-lines.ts';

/**
 * A log is kept whole up to `head` bytes; of a longer one the beginning and the last `tail` bytes, with a line between them that
 * says how many lines are left out. A line counts for 64 bytes at least: whoever completes takes a bounded number of
 * lines, too (`handoverLimits`).
 */
export const logLimit = { head: handoverLimits.expandedLog - 6 * 1024 * 1024, tail: 4 * 1024 * 1024 } as const;
const leastCost = 64;

/**
 * Runs packer and writes what it prints, scrubbed, into the handover; nothing else ever sees a raw line. Memory holds a few
 * pieces of it at a time, however long it is: packer waits where the log cannot be written as fast.
 */
export async function recordLog(
  ports: { readonly handover: Handover; readonly watch: (lines: readonly string[]) => Promise<void> | undefined },
  request: AttemptRequest,
  scrub: FileScrub,
  run: (onLines: (lines: readonly string[]) => Promise<void> | undefined) => Promise<PackerOutcome>,
): Promise<{ readonly outcome: PackerOutcome; readonly run: PackerRun }> {
  const reader = packerRunReader();
  const log = boundedLog(await ports.handover.openLog(request.run));
  const scrubbed = lineScrub(scrub);
  const take = (lines: readonly string[]) => {
    if (lines.length === 0) return undefined;
    for (const line of lines) reader.line(line);
    const [shown, written] = [ports.watch(lines), log.write(lines)];
    return shown === undefined ? written : shown.then(() => written);
  };
  const outcome = await run((lines) => take(scrubbed.push(lines)));
  await take(scrubbed.rest());
  await log.close();
  return { outcome, run: reader.end() };
}

function costOf(line: string): number {
  return Math.max(Buffer.byteLength(line) + 1, leastCost);
}

/** A log that is written by whole lines. What `write` gives is what `LogWriter.write` does. */
export interface BoundedLog {
  write(lines: readonly string[]): Promise<void> | undefined;
  close(): Promise<void>;
}

/** Writes the head of a long log at once and keeps its tail in memory, which holds the errors. */
export function boundedLog(writer: LogWriter, limit: { readonly head: number; readonly tail: number } = logLimit): BoundedLog {
  let written = 0;
  let kept = 0;
  let tail: string[] = [];
  /** Lines at the beginning of `tail` that are dropped already; they are cut off in bulk, since `shift` costs the whole array. */
  let dropped = 0;
  let left = 0;

  function keep(line: string): void {
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
  }

  return {
    write(lines) {
      let fitting = 0;
      for (const line of tail.length === 0 ? lines : []) {
        const cost = costOf(line);
        if (written + cost > limit.head) break;
        written += cost;
        fitting += 1;
      }
      for (const line of lines.slice(fitting)) keep(line);
      return fitting === 0 ? undefined : writer.write(`${lines.slice(0, fitting).join('\n')}\n`);
    },
    async close() {
      const gap = left > 0 ? [`[hybridcore-packer: ${left} lines are left out here, since the log is too long]`] : [];
      const ending = [...gap, ...tail.slice(dropped)];
      if (ending.length > 0) await writer.write(`${ending.join('\n')}\n`);
      await writer.close();
    },
  };
}
