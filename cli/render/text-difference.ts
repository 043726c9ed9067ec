import { isUtf8 } from 'node:buffer';

import { createTwoFilesPatch } from 'diff';

import { plainLines, visibleText } from '../../core/packer-log/plain-text.ts';
import { type Redactor, redactText } from '../../core/scrub/redactor.ts';

/** A difference that is longer, in characters, is cut. */
const longest = 64 * 1024;

/** Edits beyond which two texts are simply different: finding the least of them takes time by their square. */
const mostEdits = 5_000;

/** How two contents of one file differ, or why that cannot be shown. */
export type TextComparison = { readonly diff: string } | { readonly diff: null; readonly why: string };

/**
 * Two contents of a file line by line, in the unified format: scrubbed before they are compared, and without what would
 * steer a terminal.
 */
export function compareTexts(name: string, before: Uint8Array, after: Uint8Array, redactor: Redactor): TextComparison {
  if (!isText(before) || !isText(after)) return { diff: null, why: 'it is not text' };
  const [old, now] = [scrubbed(before, redactor), scrubbed(after, redactor)];
  if (old === now) return { diff: null, why: 'it differs only in secrets, which are not shown, or in what a terminal would not show' };
  const shown = visibleText(name);
  const patch = createTwoFilesPatch(`a/${shown}`, `b/${shown}`, old, now, undefined, undefined, { context: 3, maxEditLength: mostEdits });
  if (patch === undefined) return { diff: null, why: 'hardly a line of it is the same' };
  const lines = patch.replace(/^=+\n/, '').trimEnd();
  return { diff: lines.length > longest ? `${lines.slice(0, longest)}\n(the rest is left out)` : lines };
}

function isText(content: Uint8Array): boolean {
  return isUtf8(content) && !content.includes(0);
}

function scrubbed(content: Uint8Array, redactor: Redactor): string {
  const text = plainLines(new TextDecoder().decode(content).split('\n')).slice(0, -1);
  return redactText(redactor.forAnotherFile(), text);
}
