import { StringDecoder } from 'node:string_decoder';

/** A longer line is given in pieces of this many characters, or shortened to less than twice as many. */
const lineLimit = 256 * 1024;

/** Begins each further piece of a line, so that nobody takes it for a line: what a script prints could stand there. */
const pieceMark = '… ';

/**
 * Cuts a stream of bytes into lines, in bounded memory; bytes that are not UTF-8 become U+FFFD.
 *
 * @param long what becomes of a long line: `pieces` gives all of it, as several lines; `shortened` gives its beginning and its end
 *   as one, so that lines have the numbers that they have in the stream.
 */
export function lineSplitter(
  onLine: (line: string) => void,
  long: 'pieces' | 'shortened' = 'pieces',
): { push(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  /** Of a line whose middle was left out. */
  let beginning: string | undefined;
  const give = (line: string) => {
    onLine(beginning === undefined ? line : `${beginning} … ${line}`.toWellFormed());
    beginning = undefined;
  };
  const take = (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) give(line.endsWith('\r') ? line.slice(0, -1) : line);
    while (rest.length > lineLimit) {
      if (long === 'shortened') {
        beginning ??= rest.slice(0, lineLimit / 2);
        rest = rest.slice(-lineLimit / 2);
      } else {
        onLine(rest.slice(0, lineLimit));
        rest = `${pieceMark}${rest.slice(lineLimit)}`;
      }
    }
  };
  return {
    push: (chunk) => take(decoder.write(chunk)),
    end() {
      take(decoder.end());
      if (rest !== '') give(rest);
      rest = '';
    },
  };
}
