import { type KnownValues } from './known-values.ts';
import { hostileLineCode, markerOf, markerPattern, markerStart, stableId } from './marker.ts';
import { findShapes } from './secret-shapes.ts';
import { type Span, mergeSpans, subtractSpans } from './span.ts';

/** What was put in place of a secret. */
export interface PlacedMarker {
  readonly rule: string;
  readonly id: string;
  /** The index in the scrubbed line. */
  readonly from: number;
}

/** A marker can bare what a letter before it hid from a rule; a line that needs more rounds was made to. */
const mostRounds = 8;

/**
 * Scrubs one line until nothing is found in it any more.
 *
 * @param known what was found already by who sees more than the line: pieces of wrapped values and of private keys
 */
export function scrubLine(
  line: string,
  values: KnownValues,
  known: readonly Span[],
  key: Uint8Array,
): { readonly text: string; readonly placed: readonly PlacedMarker[] } {
  let scrubbed: Scrubbed = { text: line, markers: markersOf(line, values) };
  let placed: readonly PlacedMarker[] = [];
  for (let round = 0; ; round += 1) {
    const masked = maskMarkers(scrubbed);
    const found = [...values.find(masked), ...findShapes(masked), ...(round === 0 ? known : [])];
    if (found.length === 0) break;
    const spans = subtractSpans(mergeSpans(found), scrubbed.markers);
    if (spans.length === 0) break;
    if (round === mostRounds) {
      const id = stableId(key, line);
      return { text: markerOf(hostileLineCode, id), placed: [{ rule: hostileLineCode, id, from: 0 }] };
    }
    const replaced = replace(scrubbed.text, spans, key, placed);
    placed = replaced.placed;
    scrubbed = { text: replaced.text, markers: markersOf(replaced.text, values) };
  }
  return { text: scrubbed.text, placed };
}

interface Scrubbed {
  readonly text: string;
  /** The markers in it, which are never touched again. */
  readonly markers: readonly Marked[];
}

interface Marked {
  readonly from: number;
  readonly to: number;
}

/** The markers of a text. One whose id is a known value was made to hide it, and is a text like any other. */
function markersOf(text: string, values: KnownValues): Marked[] {
  if (!text.includes(markerStart)) return [];
  return [...text.matchAll(markerPattern)]
    .filter(([marker]) => values.find(marker).length === 0)
    .map((match) => ({ from: match.index, to: match.index + match[0].length }));
}

/** The text with its markers blackened at their length: names in them must not look like the key of an assignment. */
function maskMarkers({ text, markers }: Scrubbed): string {
  if (markers.length === 0) return text;
  const pieces: string[] = [];
  let position = 0;
  for (const { from, to } of markers) {
    pieces.push(text.slice(position, from), '\0'.repeat(to - from));
    position = to;
  }
  return [...pieces, text.slice(position)].join('');
}

/** A span that ends within a character takes it whole. */
function wholeCharacters(text: string, span: Span): Span {
  const from = isPair(text, span.from) ? span.from - 1 : span.from;
  const to = isPair(text, span.to) ? span.to + 1 : span.to;
  return from === span.from && to === span.to ? span : { ...span, from, to };
}

function isPair(text: string, index: number): boolean {
  return (text.charCodeAt(index - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(index) & 0xfc00) === 0xdc00;
}

/** Puts markers in place of spans, and moves the markers that earlier rounds placed. */
function replace(
  text: string,
  spans: readonly Span[],
  key: Uint8Array,
  earlier: readonly PlacedMarker[],
): { text: string; placed: PlacedMarker[] } {
  const pieces: string[] = [];
  const placed: PlacedMarker[] = [];
  let position = 0;
  let shift = 0;
  let moved = 0;
  const moveUpTo = (limit: number) => {
    for (let marker = earlier[moved]; marker !== undefined && marker.from < limit; marker = earlier[moved]) {
      placed.push({ ...marker, from: marker.from + shift });
      moved += 1;
    }
  };
  for (const found of spans) {
    const span = wholeCharacters(text, found);
    moveUpTo(span.from);
    const id = span.id ?? stableId(key, text.slice(span.from, span.to));
    const marker = markerOf(span.code, id);
    placed.push({ rule: span.rule, id, from: span.from + shift });
    pieces.push(text.slice(position, span.from), marker);
    position = span.to;
    shift += marker.length - (span.to - span.from);
  }
  moveUpTo(Infinity);
  pieces.push(text.slice(position));
  return { text: pieces.join(''), placed };
}
