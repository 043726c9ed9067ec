import { StringDecoder } from 'node:string_decoder';

/** A longer line is given in pieces of this many characters. */
const lineLimit = 256 * 1024;

/** Begins each further piece of a line, so that nobody takes it for a line: what a script prints could stand there. */
const pieceMark = '… ';

/** Cuts a stream of bytes into lines, in bounded memory; bytes that are not UTF-8 become U+FFFD. */
export function lineSplitter(onLine: (line: string) => void): { push(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    while (rest.length > lineLimit) {
      onLine(rest.slice(0, lineLimit));
      rest = `${pieceMark}${rest.slice(lineLimit)}`;
    }
  };
  return {
    push: (chunk) => take(decoder.write(chunk)),
    end() {
      take(decoder.end());
      if (rest !== '') onLine(rest);
      rest = '';
    },
  };
}
