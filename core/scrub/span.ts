/** A stretch of a line that must not be written. */
export interface Span {
  readonly from: number;
  /** The index after its last character. */
  readonly to: number;
  /** The rule or variable. */
  readonly rule: string;
  /** What the marker says. */
  readonly code: string;
  /** The stable id of a known value; without it, of the text itself. */
  readonly id?: string;
}

/**
 * Spans in their order without overlaps. Those that overlap become one: what holds all of the others keeps
 * its rule and id, as do those of one id, else the rule of the first of them as given, over the text of all.
 */
export function mergeSpans(spans: readonly Span[]): Span[] {
  const ordered = spans.map((span, rank) => ({ span, rank })).toSorted((a, b) => a.span.from - b.span.from || a.rank - b.rank);
  const merged: { span: Span; rank: number }[] = [];
  for (const next of ordered) {
    const last = merged.at(-1);
    if (last === undefined || next.span.from >= last.span.to) merged.push(next);
    else merged[merged.length - 1] = union(last, next);
  }
  return merged.map(({ span }) => span);
}

function union(a: { span: Span; rank: number }, b: { span: Span; rank: number }): { span: Span; rank: number } {
  const best = a.rank <= b.rank ? a : b;
  const from = Math.min(a.span.from, b.span.from);
  const to = Math.max(a.span.to, b.span.to);
  if (best.span.from === from && best.span.to === to) return best;
  // Pieces of one value that overlap are still that value.
  if (a.span.id !== undefined && a.span.id === b.span.id) return { span: { ...best.span, from, to }, rank: best.rank };
  return { span: { from, to, rule: best.span.rule, code: best.span.code }, rank: best.rank };
}

/** What is left of `spans` outside `holes`; both in order and without overlaps. */
export function subtractSpans(spans: readonly Span[], holes: readonly { readonly from: number; readonly to: number }[]): Span[] {
  if (holes.length === 0) return [...spans];
  const left: Span[] = [];
  let first = 0;
  for (const span of spans) {
    while (first < holes.length && (holes[first]?.to ?? 0) <= span.from) first += 1;
    let { from } = span;
    for (let index = first; index < holes.length; index += 1) {
      const hole = holes[index];
      if (hole === undefined || hole.from >= span.to) break;
      if (hole.from > from) left.push({ from, to: hole.from, rule: span.rule, code: span.code });
      from = Math.max(from, hole.to);
    }
    if (from === span.from) left.push(span);
    else if (from < span.to) left.push({ from, to: span.to, rule: span.rule, code: span.code });
  }
  return left;
}
