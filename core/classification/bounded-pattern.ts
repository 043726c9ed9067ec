/** What a pattern may cost: its length, the upper bound of one repetition, and the ways in which it can match from one place. */
const most = { length: 500, repetition: 300, ways: 3000 } as const;

/**
 * What is wrong with a pattern that a user wrote, in words for that user; undefined where it may be used.
 *
 * JavaScript's engine backtracks, so a pattern can take time without end. Here nothing repeats without a bound
 * and no group repeats, so the ways to match from one place can be counted beforehand: the time for a text of
 * `longestKeptLine` is bounded by its length times `most.ways` times the pattern's length, whatever the text is.
 */
export function patternProblem(source: string): string | undefined {
  if (source.length > most.length) return `has ${source.length} characters; at most ${most.length} are taken`;
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, 'u');
  } catch (cause) {
    return `is no regular expression: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
  const ways = waysOf(source);
  if (typeof ways === 'string') return ways;
  if (ways > most.ways)
    return `can match in ${ways} ways from one place; at most ${most.ways} are taken: repeat less, or name fewer alternatives`;
  return pattern.test('') ? 'matches the empty text, so it would take every line' : undefined;
}

/** The number of ways in which a pattern that compiles can match from one place, or why it is not counted. */
function waysOf(source: string): number | string {
  let at = 0;
  let problem: string | undefined;

  /** `a|b`: the ways of all alternatives together. */
  const alternatives = (): number => {
    let sum = sequence();
    while (source[at] === '|') {
      at += 1;
      sum += sequence();
    }
    return sum;
  };

  /** `ab`: each way of one part with each of the next. */
  const sequence = (): number => {
    let product = 1;
    while (at < source.length && source[at] !== '|' && source[at] !== ')') product *= part();
    return product;
  };

  const part = (): number => {
    if (source[at] === '(') {
      const inner = group();
      return quantifier((least, greatest) => {
        if (greatest > 1 || least > 1) problem ??= 'repeats a group; repeat a single character or class, or make the group optional with ?';
        return inner + 1;
      }, inner);
    }
    atom();
    return quantifier((least, greatest) => {
      if (greatest > most.repetition)
        problem ??= `repeats more than ${most.repetition} times; write for instance [^\\n]{0,200} in place of .*`;
      return greatest - least + 1;
    }, 1);
  };

  const group = (): number => {
    at += 1;
    if (source[at] === '?') {
      if (source[at + 1] !== ':') problem ??= 'looks around or names a group; only (...) and (?:...) are taken';
      at += 2;
    }
    const inner = alternatives();
    at += 1;
    return inner;
  };

  const atom = (): void => {
    const [whole = ' '] = /^(?:\[(?:\\[\s\S]|[^\]\\])*\]|\\[pPu]\{[^}]*\}|\\[\s\S]|[\s\S])/u.exec(source.slice(at)) ?? [];
    if (/^\\[1-9k]/.test(whole)) problem ??= 'refers back to a group';
    at += whole.length;
  };

  const quantifier = (counted: (least: number, greatest: number) => number, once: number): number => {
    const [whole, sign, least, comma, greatest] = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(source.slice(at)) ?? [];
    if (whole === undefined) return once;
    at += whole.length;
    if (sign === '?') return counted(0, 1);
    if (sign !== undefined) return counted(sign === '*' ? 0 : 1, Infinity);
    return counted(Number(least), comma === '' ? Number(least) : greatest === '' ? Infinity : Number(greatest));
  };

  const ways = alternatives();
  return problem ?? ways;
}
