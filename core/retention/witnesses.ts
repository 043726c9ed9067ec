import { tagKeys } from '../contract/deployment.ts';
import { lastingPrefixes, passingPrefixes } from '../contract/key-patterns.ts';
import { type ObjectKind } from '../contract/tags.ts';
import { type LifecycleRule } from './lifecycle.ts';

/** An object on which rules are tried. */
export interface Witness {
  readonly key: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly size: number;
  /** As a person reads it. */
  readonly text: string;
}

/** The tags that objects have beside the one under test; a rule may filter on them, too. */
const otherTags: ReadonlySet<string> = new Set([tagKeys.kind, tagKeys.builder, tagKeys.build]);

const plainSize = 1000;

/**
 * The examples as they are, and changed so that they fit each rule that could fit any object with these tags: its prefix, its
 * other tags, and both sides of every size that a rule names. The plain ones come first.
 *
 * @param tags that all of them have.
 */
export function witnessesOf(
  rules: readonly LifecycleRule[],
  examples: readonly { readonly kind: ObjectKind | null; readonly key: string }[],
  tags: Readonly<Record<string, string>>,
): readonly Witness[] {
  const named = rules.flatMap(({ filter }) => [filter.largerThan, filter.smallerThan].flatMap((size) => (size === null ? [] : [size])));
  const sizes = [...new Set([plainSize, 0, ...named.flatMap((size) => [size - 1, size, size + 1])])].filter((size) => size >= 0);
  const places = [
    ...examples.map(({ kind, key }) => ({ key, tags: kind === null ? tags : { ...tags, [tagKeys.kind]: kind } })),
    ...rules.flatMap((rule) =>
      examples.flatMap(({ key, kind }) => fitted(rule, key, kind === null ? tags : { ...tags, [tagKeys.kind]: kind })),
    ),
  ];
  const all = sizes.flatMap((size) => places.map((place) => ({ ...place, size, text: textOf(place.key, place.tags, size) })));
  return [...new Map(all.map((witness) => [witness.text, witness])).values()];
}

/** An example changed to fit a rule; none where no object with its tags and the beginning of its key can. */
function fitted(
  { filter }: LifecycleRule,
  key: string,
  tags: Readonly<Record<string, string>>,
): readonly { readonly key: string; readonly tags: Readonly<Record<string, string>> }[] {
  const wanted = Object.entries(filter.tags);
  if (!wanted.every(([name, value]) => tags[name] === value || (otherTags.has(name) && tagKeys.retention in tags))) return [];
  const root = [...lastingPrefixes, ...passingPrefixes].find((prefix) => key.startsWith(prefix)) ?? '';
  if (!filter.prefix.startsWith(root) && !root.startsWith(filter.prefix)) return [];
  return [{ key: key.startsWith(filter.prefix) ? key : `${filter.prefix}any`, tags: { ...tags, ...filter.tags } }];
}

function textOf(key: string, tags: Readonly<Record<string, string>>, size: number): string {
  const others = Object.entries(tags).map(([name, value]) => `${name}=${value}`);
  return `${key}${others.length === 0 ? '' : ` with ${others.join(' ')}`}${size === plainSize ? '' : ` of ${size} bytes`}`;
}
