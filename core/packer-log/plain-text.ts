/** Escape sequences of terminals: CSI, OSC, the other string commands, and two-character ones (ECMA-48). */
const escapeSequences =
  /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|\u001B\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|\u001B[PX^_][^\u001B]*(?:\u001B\\)?|\u001B[ -/]*[0-~]/g;

/** A colour whose escape character was lost on the way, or is written `^[`: a person's copy has it so. */
const lostColours = /(?:\^\[)?\[(?:[01];)?(?:0|1|3\d|9\d)m(?!\])/g;

/** C0 without tab and newline, DEL, and C1. */
const controlCharacters = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g;

const anyControl = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/;

/**
 * Foreign text without what would steer a terminal: escape sequences and control characters other than
 * newline and tab are removed. Time is linear in the length.
 */
export function plainText(text: string): string {
  if (!anyControl.test(text)) return text;
  return text.replace(escapeSequences, '').replace(controlCharacters, '');
}

/** What terminals, editors and Unicode take for the end of a line. */
const lineBreak = /[\n\u000B\f\r\u0085\u2028\u2029]/;

export function hasLineBreak(text: string): boolean {
  return lineBreak.test(text);
}

/** Control characters, line ends and what turns the direction of a text. */
const unseenCharacters = /[\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]/g;

/** Foreign text within a line of ours: a name, or what somebody typed, with an escape for each character that would steer a terminal or not be seen. */
export function visibleText(text: string): string {
  return text.replace(unseenCharacters, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Lines as a text with an end after each, every one plain by itself: an escape sequence without an end takes no more than its line. */
export function plainLines(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const text = `${lines.join('\n')}\n`;
  return anyControl.test(text) ? `${lines.map(plainText).join('\n')}\n` : text;
}

/** A line of a person's copy without the colours that lost their escape character. */
export function withoutLostColours(line: string): string {
  return line.includes('[') ? line.replace(lostColours, '') : line;
}
