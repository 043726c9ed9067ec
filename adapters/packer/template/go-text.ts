import { posix } from 'node:path';

/*
 * Texts as Go's standard library and go-cty change them, where JavaScript does it otherwise.
 */

/** What Go takes for space (unicode.IsSpace). */
const space = String.raw`\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;
const isSpace = new RegExp(`^[${space}]$`);
const isLineEnd = /^[\r\n]$/;

/** A letter after what parts words: space, and any mark of ASCII but the underscore (strings.Title). */
const firstLetter = new RegExp(`(?<=^|[${space}]|[\\0-/:-@[-^\`{-\\x7f])\\p{L}`, 'gu');

export function trimSpace(text: string): string {
  let start = 0;
  while (isSpace.test(text.charAt(start))) start += 1;
  return withoutEnd(text.slice(start), isSpace);
}

export function chomp(text: string): string {
  return withoutEnd(text, isLineEnd);
}

/** In one pass, where a pattern would begin anew at each character of a long run. */
function withoutEnd(text: string, unwanted: RegExp): string {
  let end = text.length;
  while (unwanted.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

export function title(text: string): string {
  return text.replaceAll(firstLetter, upper);
}

/** Letter by letter: where JavaScript makes two of one, Go leaves it. */
export function upper(text: string): string {
  return Array.from(text, (letter) => oneFor(letter, letter.toUpperCase())).join('');
}

export function lower(text: string): string {
  return Array.from(text, (letter) => (letter === 'İ' ? 'i' : oneFor(letter, letter.toLowerCase()))).join('');
}

function oneFor(letter: string, changed: string): string {
  return Array.from(changed).length === 1 ? changed : letter;
}

/** The characters as go-cty counts them; undefined where one may be made of several code points. */
export function characters(text: string): string[] | undefined {
  return /\r\n|[^\0-\u02ff]/.test(text) ? undefined : Array.from(text);
}

/** The path without what changes nothing, and without a slash at its end (filepath.Clean). */
function clean(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/** Of `a/b/` it is `a/b` (filepath.Dir). */
export function dirname(path: string): string {
  return clean(path.slice(0, path.lastIndexOf('/') + 1));
}

export function basename(path: string): string {
  return posix.basename(path) || (path === '' ? '.' : '/');
}
