import { StringDecoder } from 'node:string_decoder';

/** A line longer than this many characters is cut; with what is read beyond it to cut safely, no more is ever held. */
const longestPiece = 60 * 1024;
/** How far to both sides of a cut a secret may reach: more than a private key in one line. */
const overlap = 4 * 1024;

/** A line without its end as it may be written. It may remember the lines before (a private key is several lines). */
export type Redact = (line: string) => string;

/** Takes raw output, in pieces as they come. */
export interface OutputStream {
  push(chunk: Uint8Array): void;
  /** Writes what came after the last line's end. */
  end(): void;
}

/**
 * What the commands of a run print, line by line: each line passes the redaction before it is written, so nothing
 * raw ever touches the disk. Every output has a redaction of its own, which sees its lines once and in order.
 * Bytes that are not UTF-8 become U+FFFD.
 *
 * A line of more than 64 Ki characters is cut into pieces that are redacted alone, and only at a place where
 * that redacts the same as redacting across the place. Where there is no such place, the rest of the line is
 * left out and its length is said.
 */
export class Console {
  readonly #write: (text: string) => void;
  readonly #openRedaction: () => Redact;

  constructor(write: (text: string) => void, openRedaction: () => Redact) {
    this.#write = write;
    this.#openRedaction = openRedaction;
  }

  /** Writes one line of the build service's own. */
  say(line: string): void {
    this.#write(`${this.scrub(line)}\n`);
  }

  /** Redacts a text of one or several lines that stands alone. */
  scrub(text: string): string {
    const redact = this.#openRedaction();
    return text
      .split('\n')
      .map((line) => scrubLine(redact, line))
      .join('\n');
  }

  open(): OutputStream {
    const redact = this.#openRedaction();
    const decoder = new StringDecoder('utf8');
    let pending = '';
    /** Characters of the current line that were left out, once some were. */
    let omitted: number | undefined;

    const drain = (): string => {
      let written = '';
      for (;;) {
        const end = pending.indexOf('\n');
        const length = end === -1 ? pending.length : end;
        if (omitted !== undefined) {
          omitted += length;
          pending = pending.slice(end === -1 ? length : end + 1);
          if (end === -1) return written;
          written += note(omitted);
          omitted = undefined;
        } else if (length > longestPiece + overlap) {
          const cut = this.#safeCut(pending.slice(0, length));
          if (cut === undefined) omitted = 0;
          else {
            written += `${scrubLine(redact, pending.slice(0, cut))}\n`;
            pending = pending.slice(cut);
          }
        } else if (end === -1) {
          return written;
        } else {
          written += `${scrubLine(redact, pending.slice(0, end))}\n`;
          pending = pending.slice(end + 1);
        }
      }
    };

    return {
      push: (chunk) => {
        pending += decoder.write(chunk);
        const written = drain();
        if (written !== '') this.#write(written);
      },
      end: () => {
        pending += decoder.end();
        let written = drain();
        if (omitted !== undefined) written += note(omitted);
        else if (pending !== '') written += `${scrubLine(redact, pending)}\n`;
        pending = '';
        omitted = undefined;
        if (written !== '') this.#write(written);
      },
    };
  }

  #safeCut(line: string): number | undefined {
    for (let cut = longestPiece; cut > longestPiece / 2; cut -= overlap / 2) {
      // A pair of surrogates is one character.
      const place = /[\uD800-\uDBFF]/.test(line.charAt(cut - 1)) ? cut - 1 : cut;
      const before = line.slice(place - overlap, place);
      const after = line.slice(place, place + overlap);
      if (this.scrub(before + after) === this.scrub(before) + this.scrub(after)) return place;
    }
    return undefined;
  }
}

function note(characters: number): string {
  return `[${characters} characters of a line were left out: it is too long to be redacted in pieces]\n`;
}

function scrubLine(redact: Redact, line: string): string {
  try {
    return redact(line);
  } catch {
    // A line that cannot be checked is not written; the run goes on.
    return `[a line of ${line.length} characters was left out: it could not be redacted]`;
  }
}
