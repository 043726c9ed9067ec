import { type Input } from './input.ts';

/** What of an input can change: a file's bytes (or a link's target), its mode, the value or reference of the rest. */
export type ChangedPart = 'digest' | 'mode' | 'value';

export interface ChangedInput {
  readonly kind: Input['kind'];
  readonly name: string;
  /** In the order digest, mode, value; never empty. */
  readonly changed: readonly ChangedPart[];
  readonly before: Input;
  readonly after: Input;
}

/** How one set of inputs differs from another. A file that changed its kind was removed and added. */
export interface InputDifference {
  readonly added: readonly Input[];
  readonly removed: readonly Input[];
  readonly changed: readonly ChangedInput[];
}

/**
 * What was added, removed and changed, each ordered by kind and then name in code units. It is empty exactly where the
 * fingerprints are equal: it looks at nothing that the fingerprint does not hold. Names are unique within a kind.
 */
export function compareInputs(before: readonly Input[], after: readonly Input[]): InputDifference {
  const earlier = byIdentity(before);
  const later = byIdentity(after);
  return {
    added: ordered(after.filter((input) => !earlier.has(identityOf(input)))),
    removed: ordered(before.filter((input) => !later.has(identityOf(input)))),
    changed: ordered(
      after.flatMap((input) => {
        const old = earlier.get(identityOf(input));
        const changed = old === undefined ? [] : changedParts(old, input);
        return old === undefined || changed.length === 0
          ? []
          : [{ kind: input.kind, name: input.name, changed, before: old, after: input }];
      }),
    ),
  };
}

/** Whether nothing was added, removed or changed. */
export function isUnchanged(difference: InputDifference): boolean {
  return difference.added.length + difference.removed.length + difference.changed.length === 0;
}

/** An input that was given another name and is the same otherwise. */
export interface MovedInput {
  readonly kind: Input['kind'];
  readonly from: string;
  readonly to: string;
}

/**
 * Reads a difference with what was moved told as that: a removed and an added file of one kind, mode and content, where
 * no other file has that content too, so that there is no doubt which one went where.
 */
export function withMoves(difference: InputDifference): InputDifference & { readonly moved: readonly MovedInput[] } {
  const removed = byContent(difference.removed);
  const added = byContent(difference.added);
  const moves = new Map<Input, Input>();
  for (const [content, from] of removed) {
    const to = added.get(content) ?? [];
    const [[old, ...othersBefore], [now, ...othersAfter]] = [from, to];
    if (old !== undefined && now !== undefined && othersBefore.length + othersAfter.length === 0) moves.set(old, now);
  }
  const arrived = new Set(moves.values());
  return {
    added: difference.added.filter((input) => !arrived.has(input)),
    removed: difference.removed.filter((input) => !moves.has(input)),
    changed: difference.changed,
    moved: [...moves].map(([from, to]) => ({ kind: from.kind, from: from.name, to: to.name })),
  };
}

function byContent(inputs: readonly Input[]): ReadonlyMap<string, readonly Input[]> {
  const same = new Map<string, Input[]>();
  for (const input of inputs) {
    if (!('mode' in input)) continue;
    const content = `${input.kind} ${input.mode} ${input.digest}`;
    same.set(content, [...(same.get(content) ?? []), input]);
  }
  return same;
}

/** A difference as a person reads it: a line for each input, ordered by kind and then name. */
export function differenceLines(difference: InputDifference): readonly string[] {
  const { added, removed, changed, moved } = withMoves(difference);
  return ordered([
    ...changed.map((change) => ({
      ...change,
      line: `changed ${named(change)}: ${change.changed.map((part) => partText(part, change)).join(', ')}`,
    })),
    ...added.map((input) => ({ ...input, line: `added ${named(input)}${addedText(input)}` })),
    ...removed.map((input) => ({ ...input, line: `removed ${named(input)}` })),
    ...moved.map(({ kind, from, to }) => ({ kind, name: from, line: `moved ${kind} ${shown(from)} to ${shown(to)}` })),
  ]).map(({ line }) => line);
}

function named({ kind, name }: Pick<Input, 'kind' | 'name'>): string {
  return `${kind} ${shown(name)}`;
}

/** Controls, and what turns or hides the text around it. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** A name as it is, unless it has what a terminal would not show, or would act on. */
function shown(name: string): string {
  if (!invisible.test(name)) return name;
  return JSON.stringify(name).replace(new RegExp(invisible, 'gu'), (character) =>
    [...Array(character.length).keys()].map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );
}

function addedText(input: Input): string {
  const value = 'mode' in input ? '' : valueText(input);
  return value === '' || value.length > longestValue ? '' : `: ${value}`;
}

/** A value that is longer is not told: it is in the manifests. */
const longestValue = 80;

function partText(part: ChangedPart, { before, after }: ChangedInput): string {
  if (part === 'digest') return 'content';
  if (part === 'mode') return 'mode' in before && 'mode' in after ? `mode ${before.mode} to ${after.mode}` : part;
  const [old, now] = [valueText(before), valueText(after)];
  return old.length > longestValue || now.length > longestValue ? part : `${old} to ${now}`;
}

function valueText(input: Input): string {
  if ('reference' in input) return input.reference;
  return 'value' in input ? JSON.stringify(input.value) : input.digest;
}

function changedParts(before: Input, after: Input): ChangedPart[] {
  const parts: ChangedPart[] = [];
  if (before.digest !== after.digest) parts.push('mode' in after ? 'digest' : 'value');
  if ('mode' in before && 'mode' in after && before.mode !== after.mode) parts.push('mode');
  return parts;
}

function byIdentity(inputs: readonly Input[]): Map<string, Input> {
  return new Map(inputs.map((input) => [identityOf(input), input]));
}

/** NUL sorts before every character of a name, so identities order by kind and then name. */
function identityOf(input: { readonly kind: Input['kind']; readonly name: string }): string {
  return `${input.kind}\0${input.name}`;
}

function ordered<T extends { readonly kind: Input['kind']; readonly name: string }>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => {
    const [left, right] = [identityOf(a), identityOf(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}
