import { type Build } from '../build.ts';
import { ruleTable, ruleTableDigest } from '../classification/rule-table.ts';
import { type Config } from '../config.ts';
import { keys } from '../contract/keys.ts';
import { type Digest, digestOf } from '../digest.ts';
import { documentText } from '../document-text.ts';
import { type Failure, type Outcome, failure, success } from '../failure.ts';
import { LogSummary } from '../log-summary.ts';
import { type Archive, type Clock, type Randomness } from '../ports.ts';
import { type BuildTerms, buildTerms, promisedTerms, termsText } from '../retention/build-terms.ts';
import { expiresAt } from '../retention/policy.ts';
import { type SecretValue, createRedactor } from '../scrub/redactor.ts';
import { ruleSetDigest } from '../scrub/redaction-rules.ts';
import { isFinal } from '../states.ts';
import { version } from '../version.ts';
import { type DiagIndex, type DiagRules, type DiagVerdicts, type DiagVersions, diagIndexSchemaName } from './bundle-documents.ts';
import { documentOf } from './alterations.ts';
import { bundleLimits } from './bundle-limits.ts';
import { type CollectPorts, type Collection, collect } from './collect.ts';
import { secretAmong } from './planted-secret.ts';
import { readBundle } from './read-bundle.ts';
import { timelineOf } from './timeline.ts';

export interface DiagPorts extends CollectPorts {
  readonly archive: Archive;
  readonly randomness: Randomness;
}

/** A bundle that holds no secret, and is not written anywhere yet. */
export interface DiagBundle {
  readonly index: DiagIndex;
  /** The `.tar.gz`. */
  readonly content: Uint8Array;
}

const encoder = new TextEncoder();

/**
 * Makes the diag bundle of a build: all that it left, what the records know of it, and the rules. Nothing in it depends on
 * when or where it is made, so the same content gives the same bytes.
 *
 * @param secrets values that must not be in it, as far as whoever asks knows them: the hook finds others by their shape.
 * @returns DIAG_SECRET where a secret stands in what was to go in.
 */
export async function makeBundle(
  ports: DiagPorts,
  config: Config,
  build: Build,
  secrets: readonly SecretValue[],
): Promise<Outcome<DiagBundle>> {
  const { policy_digest, ...terms } = promisedTerms(build, config.retention);
  const keptUntil = build.finished_at === null ? null : expiresAt(terms, Date.parse(build.finished_at));
  const found = await collect(ports, build, keptUntil);
  const made = new Map<string, object>([
    ['timeline.json', timelineOf(build)],
    ['verdicts.json', verdictsOf(build)],
    ['versions.json', versionsOf(config, build, found)],
    ['rules.json', { users_rules: config.rules, table: writtenTable(config) } satisfies DiagRules],
    ...(found.drift === null ? [] : [['drift.json', found.drift] as const]),
  ]);
  const parts = sorted([
    ...[...found.files].map(([path, { content, key }]) => ({ path, content, key })),
    ...[...made].map(([path, document]) => ({ path, content: encoder.encode(documentText(document)), key: null })),
  ]);
  const index: DiagIndex = {
    schema: diagIndexSchemaName,
    builder: build.builder,
    build_id: build.build_id,
    state: build.state,
    exit_code: build.decision?.verdict.exit_code ?? null,
    rule: build.decision?.verdict.classification.rule ?? null,
    retention: { class: build.retention, ...terms, ...changedFrom(build), expires_at: keptUntil, policy_digest },
    files: parts.map(({ path, content, key }) => ({ path, digest: digestOf(content), size: content.length, key })),
    absent: sorted(found.absent),
    altered: sorted(found.altered),
  };
  const all = sorted([...parts, { path: 'index.json', content: encoder.encode(documentText(index)) }]);
  const redactor = createRedactor({ values: secrets, key: ports.randomness.bytes(32) });
  const secret = secretAmong(new Map(all.map(({ path, content }) => [path, content])), redactor);
  if (secret !== undefined) return { ok: false, failure: secret };
  if (all.reduce((sum, { content }) => sum + content.length, 0) > bundleLimits.expanded - 1024 * 1024) return tooLarge(build);
  return success({ index, content: ports.compression.compress(await ports.archive.pack(all)) });
}

function changedFrom({ retention_changes: [first], finished_at: ended }: Build): Pick<DiagIndex['retention'], 'changed_from'> {
  if (first === undefined || ended === null) return {};
  return { changed_from: { class: first.from, expires_at: expiresAt(first.from_terms, Date.parse(ended)) } };
}

/** What storing takes beside making. */
export interface StorePorts {
  readonly clock: Clock;
}

/** The bundle of a build as it stands in the store. */
export interface StoredBundle extends DiagBundle {
  /** Its key. */
  readonly path: string;
  /** The digest of what was made now, where that is another one and the first stays; null where it is this one. */
  readonly newer: Digest | null;
}

/**
 * Puts a bundle where bundles are, in place of an earlier one of the same build; but of a build that is locked or held the first
 * one stays that was made after its end.
 *
 * @returns what stands there then. GONE where the time of the build is over and nobody holds it, so that the bundle would have to
 * go at once; BUNDLE_INVALID or BUNDLE_TAMPERED where something stays that is no bundle.
 */
export async function storeBundle(
  ports: DiagPorts & StorePorts,
  config: Config,
  build: Build,
  made: DiagBundle,
): Promise<Outcome<StoredBundle>> {
  const terms = buildTerms(build, config.retention);
  if (terms !== undefined && build.hold === null && Date.parse(terms.expires_at) <= ports.clock.now()) return expired(build, terms);
  const path = keys.diag(build.builder, build.build_id);
  const tags = { kind: 'diag', builder: build.builder, build: build.build_id, retention: build.retention } as const;
  for (;;) {
    const standing = await ports.objects.read(path, { bytes: Number.MAX_SAFE_INTEGER });
    const before = standing.state === 'read' ? standing.content : null;
    if (before !== null && Buffer.compare(before, made.content) === 0) return success({ ...made, path, newer: null });
    if (before !== null && isLockedOrHeld(config, (await ports.records.readBuild(build.build_id)) ?? build)) {
      const first = await readBundle(ports, before);
      if (!first.ok) return stays(path, first.failure);
      const { index } = first.value;
      if (isFinal(index.state)) return success({ index, content: before, path, newer: digestOf(made.content) });
    }
    if ((await ports.objects.replace(path, made.content, tags, before)) === 'replaced') return success({ ...made, path, newer: null });
  }
}

function isLockedOrHeld(config: Config, build: Build): boolean {
  return build.hold !== null || promisedTerms(build, config.retention).lock !== undefined;
}

function stays(path: string, { rule, message }: Failure): Outcome<never> {
  return failure(
    rule,
    `${path} stays as it is, since its build is locked or held, and ${message}`,
    'find out who wrote it; a new bundle goes where --output says',
  );
}

/** Makes the bundle of a build and stores it. @returns what stands there then, as `storeBundle` does. */
export async function keepBundle(
  ports: DiagPorts & StorePorts,
  config: Config,
  build: Build,
  secrets: readonly SecretValue[],
): Promise<Outcome<Pick<StoredBundle, 'path' | 'newer'> & { readonly digest: Digest }>> {
  const made = await makeBundle(ports, config, build, secrets);
  if (!made.ok) return made;
  const stored = await storeBundle(ports, config, build, made.value);
  if (!stored.ok) return stored;
  const { path, newer, content } = stored.value;
  return success({ path, newer, digest: digestOf(content) });
}

function expired(build: Build, terms: BuildTerms): Outcome<never> {
  return failure(
    'GONE',
    `the time of the build ${build.build_id} is over (${termsText(build, terms)}), and a bundle of it that is stored would go with the rest`,
    'on the machine that has it, take what is left along: `hybridcore-packer diag BUILD --output FILE`; a build that has to stay is held with `hybridcore-packer retention hold`',
  );
}

function tooLarge({ build_id: id }: Build): Outcome<never> {
  return failure(
    'DIAG_TOO_LARGE',
    `what the build ${id} left is more than a diag bundle holds (${bundleLimits.expanded} bytes)`,
    'take the objects themselves: `hybridcore-packer logs` prints the logs, and the summary names the rest',
  );
}

function verdictsOf(build: Build): DiagVerdicts {
  return {
    build_id: build.build_id,
    builder: build.builder,
    build: build.decision?.verdict ?? null,
    stop: build.stop,
    attempts: build.attempts.map(({ attempt, run, outcome, unless, expired_at }) => ({
      attempt,
      run,
      verdict: outcome?.verdict ?? null,
      decided_at: outcome?.decided_at ?? null,
      rules: outcome?.rules ?? null,
      basis: outcome?.basis ?? null,
      fingerprint: outcome?.fingerprint ?? null,
      unless,
      expired_at,
    })),
  };
}

function versionsOf(config: Config, build: Build, found: Collection): DiagVersions {
  const tools = readSummary(found, build)?.tools ?? null;
  return {
    bundled_by: version,
    completed_by: tools?.hybridcore_packer ?? null,
    packer: tools?.packer ?? null,
    plugins: tools?.plugins ?? {},
    rules: ruleTableDigest(ruleTable(config.rules)),
    scrub_rules: ruleSetDigest(),
  };
}

/** Undefined where it is not what this build wrote. */
function readSummary(found: Collection, build: Build): LogSummary | undefined {
  const summary = documentOf(found.files.get('summary.json')?.content, LogSummary);
  return summary?.build_id === build.build_id ? summary : undefined;
}

function writtenTable(config: Config): DiagRules['table'] {
  const { users, built_in, checks } = ruleTable(config.rules);
  const mutable = (rules: typeof users) => rules.map((rule) => ({ ...rule, turns: [...rule.turns] }));
  return { users: mutable(users), built_in: mutable(built_in), checks: [...checks] };
}

/** By path, in code units. */
function sorted<T extends { readonly path: string }>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}
