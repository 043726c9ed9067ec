/** Puts a text together that comes cut anywhere, and gives its lines, without their ends, as soon as they are whole. */
export interface WholeLines {
  take(text: string): string[];
  /** The last line, where it has no end. */
  rest(): string[];
  /** How long the line is that has no end yet. UTF-16 code units. */
  waiting(): number;
}

export function wholeLines(): WholeLines {
  let begun: string[] = [];
  let length = 0;
  return {
    take(text) {
      const end = text.lastIndexOf('\n');
      if (end === -1) {
        if (text !== '') begun.push(text);
        length += text.length;
        return [];
      }
      const lines = `${begun.join('')}${text.slice(0, end)}`.split('\n');
      begun = end + 1 < text.length ? [text.slice(end + 1)] : [];
      length = text.length - end - 1;
      return lines;
    },
    rest() {
      const last = begun.join('');
      begun = [];
      length = 0;
      return last === '' ? [] : [last];
    },
    waiting: () => length,
  };
}
