/** What a text of packer's user interface says, in its own words of versions 1.0 to 1.16 (packer/build.go, command/build.go, packer/ui.go). */
export type UiMeaning =
  /** `==> name: text` (marked) or `    name: text`. Whether an unmarked name is a target is for the reader to know. */
  | { readonly means: 'output'; readonly target: string; readonly marked: boolean; readonly text: string }
  | { readonly means: 'announced'; readonly target: string }
  | { readonly means: 'build-errored'; readonly target: string; readonly text: string }
  | { readonly means: 'build-finished'; readonly target: string }
  /** `--> name: text`: an error or an artifact, as the heading before it says. */
  | { readonly means: 'summary'; readonly target: string; readonly text: string }
  | { readonly means: 'errors-follow' }
  | { readonly means: 'builds-finished'; readonly artifacts: boolean }
  | { readonly means: 'wait-completed' }
  | { readonly means: 'cancelling'; readonly signal: string | null }
  | { readonly means: 'cancelled' }
  | { readonly means: 'text'; readonly text: string };

const marked = /^==> ([^:\n]{1,200}?)(?: \([\w.-]{1,100}\))?:(?: |$)([\s\S]*)$/;
const unmarked = /^([^\s:=>-][^:\n]{0,200}?)(?: \([\w.-]{1,100}\))?:(?: |$)([\s\S]*)$/;
const announced = /^(?!==> )([^:\n]{1,200}?)(?:: | )output will be in this color\.$/;
const errored = /^Build '([^'\n]{1,200})' errored(?: after [^:\n]{1,100})?: ?([\s\S]*)$/;
const finished = /^Build '([^'\n]{1,200})' finished/;
const summary = /^--> ([^:\n]{1,200}): ?([\s\S]*)$/;
const cancelling = /^Cancelling build after receiving (\w{1,30})/;

/**
 * Reads one text of the user interface. The first line that is not blank decides what it is: a text of
 * several lines is one statement, so nothing that a script prints after a `\n` becomes a statement of packer's.
 */
export function meaningOf(text: string): UiMeaning {
  const trimmed = text.trim();
  return statement(trimmed) ?? runStatement(trimmed) ?? announcement(trimmed, text) ?? output(trimmed) ?? { means: 'text', text: trimmed };
}

function statement(text: string): UiMeaning | undefined {
  if (text.startsWith("Build '")) {
    const [, brokenTarget, error] = errored.exec(text) ?? [];
    if (brokenTarget !== undefined) return { means: 'build-errored', target: brokenTarget, text: (error ?? '').trim() };
    const [, doneTarget] = finished.exec(text) ?? [];
    if (doneTarget !== undefined) return { means: 'build-finished', target: doneTarget };
  }
  if (text.startsWith('--> ')) {
    const [, target, said] = summary.exec(text) ?? [];
    if (target !== undefined) return { means: 'summary', target, text: (said ?? '').trim() };
  }
  return undefined;
}

function runStatement(text: string): UiMeaning | undefined {
  if (text.startsWith("==> Some builds didn't complete")) return { means: 'errors-follow' };
  if (text.startsWith('==> Builds finished')) return { means: 'builds-finished', artifacts: !text.includes('no artifacts were created') };
  if (text.startsWith('==> Wait completed')) return { means: 'wait-completed' };
  if (text.startsWith('Cleanly cancelled builds')) return { means: 'cancelled' };
  const [, signal] = cancelling.exec(text) ?? [];
  return signal === undefined ? undefined : { means: 'cancelling', signal };
}

/** Never indented and never marked, so that no script announces a target: what it prints is. */
function announcement(trimmed: string, text: string): UiMeaning | undefined {
  if (!trimmed.endsWith('output will be in this color.') || text.startsWith('    ')) return undefined;
  const [, target] = announced.exec(trimmed) ?? [];
  return target === undefined ? undefined : { means: 'announced', target };
}

function output(text: string): UiMeaning | undefined {
  const isMarked = text.startsWith('==> ');
  const [, target, said] = (isMarked ? marked : unmarked).exec(text) ?? [];
  if (target === undefined) return undefined;
  // Packer repeats the name on each line of a text; once is enough.
  const once = (said ?? '').replaceAll(`\n==> ${target}: `, '\n').replaceAll(`\n    ${target}: `, '\n');
  return { means: 'output', target, marked: isMarked, text: once };
}
