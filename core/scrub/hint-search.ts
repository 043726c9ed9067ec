import { type KnownValues } from './known-values.ts';
import { anyEscape, viewsOf } from './view.ts';
import { hasAnchor } from './secret-shapes.ts';

/** Whole lines of a text, to be looked at closely. */
export interface Region {
  readonly from: number;
  /** After the last line's end. */
  readonly to: number;
  /** Whether a known value may stand in them, be it split over several. */
  readonly values: boolean;
}

/** What packer's prefix and an indentation may take of a line. */
const prefixAllowance = 64;
/** As many stand on a line that a text of escapes alone was wrapped to; an entity, which is longer, counts for three. */
const manyEscapes = 6;
/** Nothing is wrapped over more lines than this; a text of empty lines would be looked at again and again. */
const mostLines = 128;

/**
 * The lines in which something secret may stand, in order and without overlaps. Nearly all lines of a log are in
 * none of them, and are passed over by two searches for literals.
 */
export function regionsOf(text: string, values: KnownValues): Region[] {
  const regions: Region[] = [];
  for (const index of hintsIn(text, hasAnchor)) {
    regions.push({ from: lineStart(text, index), to: lineEnd(text, index), values: false });
  }
  if (values.hint !== undefined) {
    for (const index of hintsIn(text, values.hint)) regions.push({ ...surroundings(text, index, values.reach), values: true });
    for (const index of hintsIn(text, anyEscape)) {
      const line = text.slice(lineStart(text, index), lineEnd(text, index));
      if (mayHoldEscaped(line, values.hint)) regions.push({ ...surroundings(text, index, values.reach), values: true });
    }
  }
  return merged(regions);
}

/** Whether a line with escapes may hold a part of a value: of one that is nothing but escapes too little may stand on it to tell. */
function mayHoldEscaped(line: string, hint: RegExp): boolean {
  const count = (line.match(anyEscape) ?? []).reduce((sum, escape) => sum + (escape.startsWith('&') ? 3 : 1), 0);
  if (count >= manyEscapes) return true;
  return viewsOf(line).some(({ text }) => text.search(hint) !== -1);
}

/** One hit a line. */
function hintsIn(text: string, pattern: RegExp): number[] {
  const found: number[] = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    found.push(match.index);
    const end = text.indexOf('\n', match.index);
    if (end === -1) break;
    pattern.lastIndex = end + 1;
  }
  return found;
}

function lineStart(text: string, index: number): number {
  return index === 0 ? 0 : text.lastIndexOf('\n', index - 1) + 1;
}

function lineEnd(text: string, index: number): number {
  const end = text.indexOf('\n', index);
  return end === -1 ? text.length : end + 1;
}

function surroundings(text: string, index: number, reach: number): { from: number; to: number } {
  let from = lineStart(text, index);
  let to = lineEnd(text, index);
  let seen = 0;
  for (let lines = 0; from > 0 && seen < reach && lines < mostLines; lines += 1) {
    const start = lineStart(text, from - 1);
    seen += Math.max(1, from - start - prefixAllowance);
    from = start;
  }
  seen = 0;
  for (let lines = 0; to < text.length && seen < reach && lines < mostLines; lines += 1) {
    const end = lineEnd(text, to);
    seen += Math.max(1, end - to - prefixAllowance);
    to = end;
  }
  return { from, to };
}

function merged(regions: readonly Region[]): Region[] {
  const all: Region[] = [];
  for (const region of regions.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last === undefined || region.from >= last.to) all.push(region);
    else all[all.length - 1] = { from: last.from, to: Math.max(last.to, region.to), values: last.values || region.values };
  }
  return all;
}
