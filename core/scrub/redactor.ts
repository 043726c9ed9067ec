import { type KnownValues, type SecretValue, createKnownValues } from './known-values.ts';
import { markerOf, markerPattern, markerStart, stableId } from './marker.ts';
import { createPrivateKeyBlock } from './private-key-block.ts';
import { type ScrubAction } from './scrub-manifest.ts';
import { createScrubActions } from './scrub-action.ts';
import { findShapes } from './secret-shapes.ts';
import { type Span, mergeSpans, subtractSpans } from './span.ts';

export type { SecretValue } from './known-values.ts';

export interface RedactorOptions {
  readonly values: readonly SecretValue[];
  /** Random, at least 16 bytes, one for all files of a scrub manifest, and never written anywhere. */
  readonly key: Uint8Array;
}

/**
 * The hook through which everything passes that leaves a build, before anything is written. One redactor
 * sees one file, from its first line to its last.
 */
export interface Redactor {
  /**
   * A line without its newline, with every secret replaced by a marker; all else stays as it is. Terminal
   * escapes should be gone before: a colour within a secret hides it.
   */
  line(text: string): string;
  /** The file is over. A private key that has not ended is forgotten. */
  end(): void;
  /** Everything that was done, with its place after scrubbing. */
  summary(): readonly ScrubAction[];
  /** Whether there were so many that the summary puts them together. */
  aggregated(): boolean;
  /** Names of the values that are too short or too common to be searched for: the caller warns of them. */
  readonly notSearched: readonly string[];
  /** A redactor of the same values and key for another file: ids are equal in both. */
  forAnotherFile(): Redactor;
}

/** A marker can bare what a letter before it hid from a rule; a line that needs more rounds was made to. */
const mostRounds = 8;
const hostileLine = 'LINE';

/**
 * Makes a redactor of known values and of secrets by shape (`redaction-rules.ts`).
 *
 * A secret that is split over lines by wrapping is not found (issue 6), nor is a value of less than 6
 * characters or one that is an ordinary word (`notSearched`).
 *
 * @throws RangeError when the key has less than 16 bytes.
 */
export function createRedactor(options: RedactorOptions): Redactor {
  if (options.key.length < 16) throw new RangeError('the key of a redactor has at least 16 bytes');
  const key = Uint8Array.from(options.key);
  return redactorOf(createKnownValues(options.values, key), key);
}

function redactorOf(known: KnownValues, key: Uint8Array): Redactor {
  const block = createPrivateKeyBlock();
  const actions = createScrubActions();
  let lines = 0;

  function line(text: string): string {
    lines += 1;
    const keySpans = block.find(text);
    let scrubbed: Scrubbed = { text, markers: markersOf(text) };
    let placed: readonly PlacedMarker[] = [];
    for (let round = 0; ; round += 1) {
      const masked = maskMarkers(scrubbed);
      const found = [...known.find(masked), ...findShapes(masked), ...(round === 0 ? keySpans : [])];
      if (found.length === 0) break;
      const spans = subtractSpans(mergeSpans(found), scrubbed.markers);
      if (spans.length === 0) break;
      if (round === mostRounds) {
        const id = stableId(key, text);
        const marker = markerOf(hostileLine, id);
        actions.add(hostileLine, id, lines, 1);
        return marker;
      }
      const replaced = replace(scrubbed.text, spans, key, placed);
      placed = replaced.placed;
      scrubbed = { text: replaced.text, markers: markersOf(replaced.text) };
    }
    for (const marker of placed) actions.add(marker.rule, marker.id, lines, marker.from + 1);
    return scrubbed.text;
  }

  return {
    line,
    end: () => block.reset(),
    summary: () => actions.list(),
    aggregated: () => actions.aggregated(),
    notSearched: known.notSearched,
    forAnotherFile: () => redactorOf(known, key),
  };
}

interface Scrubbed {
  readonly text: string;
  /** The markers in it, which are never touched again. */
  readonly markers: readonly { readonly from: number; readonly to: number }[];
}

interface PlacedMarker {
  readonly rule: string;
  readonly id: string;
  /** The index in the text of now. */
  readonly from: number;
}

function markersOf(text: string): { from: number; to: number }[] {
  if (!text.includes(markerStart)) return [];
  return [...text.matchAll(markerPattern)].map((match) => ({ from: match.index, to: match.index + match[0].length }));
}

/** The text with its markers blackened at their length: names in them must not look like the key of an assignment. */
function maskMarkers({ text, markers }: Scrubbed): string {
  return markers.length === 0 ? text : text.replaceAll(markerPattern, (marker) => '\0'.repeat(marker.length));
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
  for (const span of spans) {
    moveUpTo(span.from);
    const id = span.id ?? stableId(key, text.slice(span.from, span.to));
    const marker = markerOf(span.rule, id);
    placed.push({ rule: span.rule, id, from: span.from + shift });
    pieces.push(text.slice(position, span.from), marker);
    position = span.to;
    shift += marker.length - (span.to - span.from);
  }
  moveUpTo(Infinity);
  pieces.push(text.slice(position));
  return { text: pieces.join(''), placed };
}

/** A text of several lines through the hook, as a file of its own: line ends stay as they are. */
export function redactText(redactor: Redactor, text: string): string {
  const scrubbed = text
    .split('\n')
    .map((line) => redactor.line(line))
    .join('\n');
  redactor.end();
  return scrubbed;
}
