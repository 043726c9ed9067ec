import { FailureError } from './failure-error.ts';
import { handoverInvalid, handoverLimits } from './handed-over.ts';
import { type Compression, NoGzipError } from './ports.ts';
import { wholeLines } from './whole-lines.ts';

/**
 * The lines of a log that a run handed over, as they come: untrusted, so it is no more than an attempt writes that is
 * taken, and memory holds a piece of it at a time.
 *
 * @param content compressed.
 * @param key stands in what is said of it.
 * @throws FailureError HANDOVER_INVALID where it is no gzip, or too long, or has too many or too long lines; also after lines that
 *   were none of that.
 */
export async function* logLines(content: AsyncIterable<Uint8Array>, compression: Compression, key: string): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  const whole = wholeLines();
  let bytes = 0;
  let count = 0;
  const counted = (lines: string[]) => {
    count += lines.length;
    if (count > handoverLimits.lines) throw disbelieved(key, `has more than ${handoverLimits.lines} lines`);
    if (whole.waiting() > handoverLimits.line || lines.some((line) => line.length > handoverLimits.line))
      throw disbelieved(key, `has a line of more than ${handoverLimits.line} characters`);
    return lines;
  };
  try {
    for await (const piece of compression.expanding(content)) {
      bytes += piece.length;
      if (bytes > handoverLimits.expandedLog) throw disbelieved(key, `holds more than ${handoverLimits.expandedLog} bytes`);
      yield counted(whole.take(decoder.decode(piece, { stream: true })));
    }
  } catch (error) {
    throw error instanceof NoGzipError ? disbelieved(key, 'is no gzip') : error;
  }
  yield counted([...whole.take(decoder.decode()), ...whole.rest()]);
}

function disbelieved(key: string, what: string): FailureError {
  return new FailureError(handoverInvalid(key, what));
}
