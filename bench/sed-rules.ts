import { redactionRules } from '../core/scrub/redaction-rules.ts';

/**
 * The redaction rules as a script of `sed -E`: a command a rule, with or without a search
 * before them for the texts that they all begin with. What POSIX expressions do not have is left out (looking
 * around), which makes sed's work less.
 *
 * @param behindAnchors whether lines without any of those texts are passed over first
 */
export function sedScript(behindAnchors: boolean): string {
  const anchors = new Set(redactionRules.flatMap((rule) => rule.anchors));
  const prefilter = [...anchors].map((anchor) => anchor.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)).join('|');
  const commands = redactionRules.map(
    ({ code, pattern }) => `s/${posix(pattern.source)}/[REDACTED:${code}]/${pattern.ignoreCase ? 'Ig' : 'g'}\n`,
  );
  return `${behindAnchors ? `/${prefilter}/I!b\n` : ''}${commands.join('')}`;
}

const classes: Readonly<Record<string, string>> = { s: '[:space:]', S: '[^[:space:]]', d: '0-9', w: 'A-Za-z0-9_' };

const bound = /^\{(\d+),\d{2,}\}\??/;

/** A pattern without what looks around, in POSIX's words. Our repetitions are bounded by what sed takes. */
function posix(source: string): string {
  let result = '';
  for (let index = 0; index < source.length;) {
    const rest = source.slice(index);
    const look = /^\(\?<?[=!]/.exec(rest);
    if (look !== null) {
      index = endOfGroup(source, index);
      // What repeats a condition repeats nothing.
      index += /^(?:[*+?]|\{[\d,]+\})?/.exec(source.slice(index))?.[0].length ?? 0;
      continue;
    }
    const group = /^\(\?(?::|<\w+>)/.exec(rest);
    if (group !== null) {
      result += '(';
      index += group[0].length;
    } else if (rest.startsWith('[')) {
      const end = endOfClass(source, index);
      result += posixClass(source.slice(index, end));
      index = end;
    } else if (rest.startsWith('\\b')) {
      // The ends of words keep sed from its fast matcher.
      index += 2;
    } else if (bound.test(rest)) {
      // Nor does it take a large bound, which it needs none of: its time is linear anyway.
      const [whole, least] = bound.exec(rest) ?? [''];
      result += least === '0' ? '*' : least === '1' ? '+' : `{${least},}`;
      index += whole.length;
    } else if (/^\\[sSdw]/.test(rest)) {
      const name = rest[1] ?? '';
      result += name === 'S' ? '[^[:space:]]' : `[${classes[name]}]`;
      index += 2;
    } else if (/^(?:\\\/|\/)/.test(rest)) {
      result += String.raw`\/`;
      index += rest.startsWith('/') ? 1 : 2;
    } else if (rest.startsWith('\\')) {
      result += rest.slice(0, 2);
      index += 2;
    } else if (/^[*+?}]\?/.test(rest)) {
      result += rest[0];
      index += 2;
    } else {
      result += rest[0];
      index += 1;
    }
  }
  return result;
}

function endOfGroup(source: string, from: number): number {
  let depth = 0;
  for (let index = from; index < source.length; index += 1) {
    if (source[index] === '\\') index += 1;
    else if (source[index] === '[') index = endOfClass(source, index) - 1;
    else if (source[index] === '(') depth += 1;
    else if (source[index] === ')') {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return source.length;
}

function endOfClass(source: string, from: number): number {
  for (let index = from + 1; index < source.length; index += 1) {
    if (source[index] === '\\') index += 1;
    else if (source[index] === ']') return index + 1;
  }
  return source.length;
}

/** In brackets POSIX knows no backslash: a `]` stands first, and a backslash for itself. */
function posixClass(text: string): string {
  const negated = text.startsWith('[^');
  const inner = text
    .slice(negated ? 2 : 1, -1)
    .replaceAll(/\\[rn]/g, '')
    .replaceAll(/\\([sdw])/g, (_, name: string) => classes[name] ?? '')
    .replaceAll(/\\([^\\])/g, '$1')
    .replaceAll('\\\\', '\\')
    .replaceAll('/', '\\/');
  const bracket = inner.includes(']') && !inner.includes('[:') ? ']' : '';
  return `[${negated ? '^' : ''}${bracket}${bracket === '' ? inner : inner.replace(']', '')}]`;
}
