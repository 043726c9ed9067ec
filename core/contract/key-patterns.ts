import { BuildId, BuilderName, RunId, isBuildId } from '../identity.ts';
import { keys } from './keys.ts';
import { type ObjectKind } from './tags.ts';

/*
 * The keys of all objects as patterns of S3 and IAM, in which `*` stands for any run of characters, `/` among them. They are
 * derived from `keys` by example, so a key that changes there changes here.
 */

const builder = BuilderName.parse('any-builder');
const build = BuildId.parse('7ZZZZZZZZZZZZZZZZZZZZZZZZZ');
const attempt = 987_654_321;
const run = RunId.parse('any-run');

function patternOf(key: string): string {
  return [builder, build, String(attempt)].reduce((pattern, example) => pattern.replaceAll(example, '*'), key);
}

/** Written once: nothing may stand there before. */
export const sealedKeys: readonly string[] = [
  keys.manifest(builder, build),
  keys.summary(builder, build),
  keys.log(builder, build, attempt),
  keys.scrubManifest(builder, build, attempt),
  keys.result(builder, build),
].map((key) => patternOf(key));

/** Replaced on the condition of what stands there. The pattern of the newest manifest fits the sealed ones too. */
export const newestKeys: readonly string[] = [keys.newestManifest(builder), keys.newestSummary(builder)].map((key) => patternOf(key));

/** Whether a key fits one of some patterns, each `*` of which stands for a part of a key here. */
function fitting(patterns: readonly string[]): (key: string) => boolean {
  const expressions = patterns.map((pattern) => new RegExp(`^${pattern.replaceAll('.', String.raw`\.`).replaceAll('*', '[^/]+')}$`));
  return (key) => expressions.some((expression) => expression.test(key));
}

/** Whether a key is one that is written once. */
export const isSealedKey = fitting(sealedKeys);

/** Whether a key is one of an object that has tags. What else a person keeps in these folders on disk is none. */
export const isTaggedKey = fitting([...sealedKeys, ...newestKeys, patternOf(`diag/${builder}/${build}.tar.gz`)]);

const buildIdWithin = /[0-7][0-9A-HJKMNP-TV-Z]{25}/;

/** The build that an object's key names; undefined where it names none: it shows the newest. */
export function buildInKey(key: string): BuildId | undefined {
  const [found = ''] = buildIdWithin.exec(key) ?? [];
  return isBuildId(found) ? found : undefined;
}

/** All that outlives a run, by prefix: what is sealed, what points to it, and diag bundles. */
export const lastingPrefixes = ['artifacts/', 'diag/', 'state/packer/'] as const;

/**
 * What of it goes when its retention class says so. Manifests do not: the newest and the published ones must stay, and no rule
 * of a lifecycle can tell which those are.
 */
export const expiringPrefixes = ['diag/', 'state/packer/'] as const satisfies readonly (typeof lastingPrefixes)[number][];

/** An object of each key that expires, whose builder and build are nobody's: what promises about all of them are tried on. */
export const expiringExamples: readonly { readonly kind: ObjectKind; readonly key: string }[] = [
  { kind: 'log-summary', key: keys.newestSummary(builder) },
  { kind: 'log-summary', key: keys.summary(builder, build) },
  { kind: 'log', key: keys.log(builder, build, attempt) },
  { kind: 'scrub-manifest', key: keys.scrubManifest(builder, build, attempt) },
  { kind: 'result', key: keys.result(builder, build) },
  { kind: 'diag', key: `diag/${builder}/${build}.tar.gz` },
];

/** The same of what does not expire. */
export const lastingExamples: readonly { readonly kind: ObjectKind; readonly key: string }[] = [
  { kind: 'hash-manifest', key: keys.newestManifest(builder) },
  { kind: 'hash-manifest', key: keys.manifest(builder, build) },
];

/** What only matters while a run does, by prefix. */
export const passingPrefixes = ['control/', 'incoming/'] as const;

/** Whether a key is one of what only matters while a run does. */
export function isPassingKey(key: string): boolean {
  return passingPrefixes.some((prefix) => key.startsWith(prefix));
}

/** How many days it stays where nobody removes it, and how many a removed version of it: decisions rest on versions. */
export const passingDays = { current: 14, noncurrent: 7 } as const;

/** What a run hands over, by prefix. @param named the run's id, or what IAM puts in its place. */
export function incomingPrefix(named: string): string {
  return prefixBefore(keys.incoming(run).report, named);
}

/** What a run is told, by prefix. @param named the run's id, or what IAM puts in its place. */
export function controlPrefix(named: string): string {
  return prefixBefore(keys.control(run, 'go'), named);
}

function prefixBefore(key: string, named: string): string {
  return `${key.slice(0, key.indexOf(run))}${named}/`;
}
