import { earlierSecrets } from '../../adapters/local/earlier-template.ts';
import { earlierContent } from '../../adapters/local/git-history.ts';
import { readInputFile } from '../../adapters/local/input-file.ts';
import { realRoot } from '../../adapters/local/input-file-place.ts';
import { secretsAtHand } from '../../adapters/local/environment-secrets.ts';
import { systemRandomness } from '../../adapters/local/system.ts';
import { builderOf } from '../../core/builder-of.ts';
import { verdictOf } from '../../core/classification/verdict.ts';
import { type Builder } from '../../core/config.ts';
import { digestOf } from '../../core/digest.ts';
import { type DriftDocument, type TextDifference } from '../../core/documents.ts';
import { type ChangedInput, type InputDifference, compareInputs, differenceLines, isUnchanged, withMoves } from '../../core/drift.ts';
import { byGravity } from '../../core/exit-code.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { fingerprintOf } from '../../core/fingerprint.ts';
import { type BuilderName } from '../../core/identity.ts';
import { newestManifest } from '../../core/newest-manifest.ts';
import { visibleText } from '../../core/packer-log/plain-text.ts';
import { type Discovery } from '../../core/ports.ts';
import { changesDocument } from '../../core/publish-document.ts';
import { refusedVariables } from '../../core/request-check.ts';
import { knownSecrets } from '../../core/scrub/known-secrets.ts';
import { type Redactor, createRedactor } from '../../core/scrub/redactor.ts';
import { type Answer, paint, verdictText } from '../answer.ts';
import { type Embedded } from '../embedded.ts';
import { type Host, type Repository } from '../host.ts';
import { type TextComparison, compareTexts } from '../render/text-difference.ts';
import { repositoryInputs } from '../repository-inputs.ts';
import { undeclaredText } from './inputs.ts';

export interface DriftOptions {
  /** What a request would set. */
  readonly variables: Readonly<Record<string, string>>;
  /** Show changed files line by line. */
  readonly diff: boolean;
  /** Drift is exit code 1. */
  readonly exitCode: boolean;
}

/** Files that are compared line by line are at most so many, and so long in bytes. */
const mostCompared = 100;
const longestCompared = 1024 * 1024;

type BuilderDrift = DriftDocument['builders'][number];

/** `drift [builder]`: how the inputs differ from those of the newest manifest; all builders, each on its own. */
export async function drift(
  host: Host,
  embedded: Embedded,
  repository: Repository,
  names: readonly BuilderName[],
  options: DriftOptions,
): Promise<Outcome<Answer>> {
  const builders: BuilderDrift[] = [];
  const text: string[] = [];
  for (const name of names) {
    const builder = builderOf(repository.config, name);
    if (builder === undefined) continue;
    const found = await driftOf(host, embedded, repository, { name, builder }, options);
    if (found.ok) {
      const drifted = found.value.state === 'unchanged' ? 0 : 1;
      builders.push({ ...found.value, exit_code: options.exitCode ? drifted : 0 });
      text.push(...driftLines(host, found.value));
    } else {
      const verdict = verdictOf(found.failure);
      builders.push({ ...nothingKnown(name), exit_code: verdict.exit_code, classification: verdict.classification });
      text.push(`${name}: ${verdictText(host.terminal.out, verdict)}`);
    }
  }
  const exitCode = builders.map((each) => each.exit_code).sort(byGravity)[0] ?? 0;
  const document: DriftDocument = { exit_code: exitCode, builders };
  return success({ exitCode, document, text: text.join('\n') });
}

async function driftOf(
  host: Host,
  embedded: Embedded,
  repository: Repository,
  { name, builder }: { readonly name: BuilderName; readonly builder: Builder },
  options: DriftOptions,
): Promise<Outcome<BuilderDrift>> {
  const [refused] = refusedVariables(builder, name, options.variables);
  if (refused !== undefined) return { ok: false, failure: refused };
  const discovered = await repositoryInputs(repository).discover(builder, options.variables);
  if (!discovered.ok) return discovered;
  host.outgoing.learn(knownSecrets({}, discovered.value));
  const newest = await newestManifest(embedded, name, options.variables);
  if (!newest.ok) return newest;
  const { inputs, undeclared } = discovered.value;
  const now = { ...nothingKnown(name), fingerprint: fingerprintOf(inputs), undeclared: [...undeclared] };
  if (newest.value === null) return success({ ...now, state: 'never-built' });
  const { sealed, manifest } = newest.value;
  const difference = compareInputs(manifest.inputs, inputs);
  return success({
    ...now,
    state: isUnchanged(difference) ? 'unchanged' : 'drifted',
    manifest: sealed,
    changes: changesDocument(difference),
    moved: [...withMoves(difference).moved],
    diffs: options.diff
      ? await textDifferences(host, repository.root, { builder, variables: options.variables }, discovered.value, difference)
      : [],
  });
}

function nothingKnown(builder: BuilderName): BuilderDrift {
  return {
    builder,
    exit_code: 0,
    state: 'unknown',
    classification: null,
    fingerprint: null,
    manifest: null,
    changes: null,
    moved: [],
    diffs: [],
    undeclared: [],
  };
}

// ---- line by line ------------------------------------------------------------------------------------------

async function textDifferences(
  host: Host,
  root: string,
  { builder, variables }: { readonly builder: Builder; readonly variables: Readonly<Record<string, string>> },
  discovery: Discovery,
  difference: InputDifference,
): Promise<TextDifference[]> {
  const contents = difference.changed.filter((change) => change.changed.includes('digest'));
  if (contents.length === 0) return [];
  const earlier = await earlierSecrets(root, builder, variables, difference);
  // A text of then may hold what was a secret then.
  if (earlier.values === null) return contents.map(({ kind, name }) => ({ kind, name, diff: null, why: earlier.why }));
  host.outgoing.learn(knownSecrets({}, { sensitiveValues: earlier.values }));
  const sensitiveValues = [...new Set([...discovery.sensitiveValues, ...earlier.values])];
  const values = knownSecrets(secretsAtHand(host.environment, builder), { sensitiveValues });
  const redactor = createRedactor({ values, key: systemRandomness.bytes(32) });
  const differences: TextDifference[] = [];
  for (const [index, change] of contents.entries()) {
    const compared =
      index < mostCompared
        ? await textDifference(root, change, redactor)
        : { diff: null, why: `more than ${mostCompared} files have changed` };
    differences.push({ kind: change.kind, name: change.name, diff: compared.diff, why: compared.diff === null ? compared.why : null });
  }
  return differences;
}

async function textDifference(root: string, { name, before, after }: ChangedInput, redactor: Redactor): Promise<TextComparison> {
  if (!('size' in before && 'size' in after)) return { diff: null, why: 'it is no file' };
  if (before.mode === '120000' || after.mode === '120000') return { diff: null, why: 'it is or was a link' };
  if (Math.max(before.size, after.size) > longestCompared) return { diff: null, why: `it has more than ${longestCompared} bytes` };
  const content = readInputFile(realRoot(root), name, 'the inputs', longestCompared);
  if (!content.ok || digestOf(content.value) !== after.digest) return { diff: null, why: 'it has changed since it was looked at' };
  const earlier = await earlierContent(root, { name, digest: before.digest, size: before.size });
  return earlier === undefined
    ? { diff: null, why: 'what it was then is in no commit that git has here' }
    : compareTexts(name, earlier, content.value, redactor);
}

// ---- what a person reads -----------------------------------------------------------------------------------

function driftLines(host: Host, drift: BuilderDrift): readonly string[] {
  const { out } = host.terminal;
  const { builder, state, manifest, changes, undeclared } = drift;
  const against = manifest === null ? '' : `build ${manifest.build_id} (number ${manifest.sequence})`;
  switch (state) {
    case 'unknown':
      return [];
    case 'never-built':
      return [
        `${builder}: ${paint(out, 'yellow', 'never built')} with these variables, so there is no manifest to compare with`,
        ...undeclaredText(undeclared),
      ];
    case 'unchanged':
      return [`${builder}: ${paint(out, 'green', 'unchanged')} since ${against}`, ...undeclaredText(undeclared)];
    case 'drifted':
      return [
        `${builder}: ${paint(out, 'yellow', 'drifted')} from ${against}`,
        ...(changes === null ? [] : differenceLines(changes)).map((line) => `  ${visibleText(line)}`),
        ...drift.diffs.flatMap((each) => (each.diff === null ? [`no diff of ${visibleText(each.name)}: ${each.why}`] : [each.diff])),
        ...undeclaredText(undeclared),
      ];
  }
}
