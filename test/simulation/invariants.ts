import { type Build, isOpen } from '../../core/build.ts';
import { type BuilderRecord } from '../../core/builder-record.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { type Channel, channelIdOf } from '../../core/channel.ts';
import { keys } from '../../core/contract/keys.ts';
import { manifestDigest } from '../../core/document-text.ts';
import { HashManifest } from '../../core/hash-manifest.ts';
import { type RunId } from '../../core/identity.ts';
import { LogSummary } from '../../core/log-summary.ts';
import { readChain } from '../../core/manifest-chain.ts';
import { Result } from '../../core/result.ts';
import { isFinal, states } from '../../core/states.ts';
import { variantIdOf } from '../../core/variant.ts';
import { type MemoryObjects } from './memory-objects.ts';
import { type PackerPlan } from './packer-plan.ts';
import { type MemoryRecords, documentSchemas } from './memory-records.ts';
import { type Violate } from './violation.ts';

/** What is left when a history has come to rest. */
export interface Remains {
  readonly records: MemoryRecords;
  readonly objects: MemoryObjects;
  /** The keys of the notices that the operators got. */
  readonly notices: ReadonlySet<string>;
  /** The final states that were announced, as `<build>:<state>`. */
  readonly announced: ReadonlySet<string>;
  /** Objects that were written by somebody else, in the place of manifests. */
  readonly planted: ReadonlySet<string>;
  /** How each run went; somebody goes on writing below the one of an `overwrites`, also when all is over. */
  readonly plans: ReadonlyMap<RunId, PackerPlan>;
  /** How often packer ran for each attempt. */
  readonly packerRuns: ReadonlyMap<string, number>;
}

const decoder = new TextDecoder();

/** Holds what is left of a history against every promise of the life of a build. */
export function assertInvariants(remains: Remains, violate: Violate): void {
  const { records, objects } = remains;
  for (const build of records.stored.builds.values()) {
    if (!isFinal(build.state)) violate('every accepted build ends', `${build.build_id} is ${build.state}`);
    else if (isOpen(build)) violate('every final build is settled', build.build_id);
    else checkFinal(remains, build, violate);
  }
  for (const builder of records.stored.builders.values()) {
    if (builder.current !== null || builder.queue.length > 0) violate('nobody waits at the end', builder.builder);
    checkChain(remains, builder, violate);
    checkPointers(remains, builder, violate);
  }
  for (const key of remains.planted) if (textOf(objects, key) !== '{}') violate('what stands there is never overwritten', key);
  for (const channel of records.stored.channels.values()) checkChannel(remains, channel, violate);
  checkSchemas(records, violate);
}

/** Reads each chain as the gate of publishing does: where nobody wrote anything else, it holds. */
export async function assertChainsRead(
  { records, objects }: Pick<Remains, 'records' | 'objects'>,
  planted: ReadonlySet<string>,
  violate: Violate,
): Promise<void> {
  for (const builder of records.stored.builders.values()) {
    if ([...planted].some((key) => key.startsWith(keys.manifests(builder.builder)))) continue;
    const chain = await readChain({ records, objects }, builder);
    if (!chain.ok) violate('a chain that holds is read so', chain.failure.message);
  }
}

/** A channel has the id of its name, and the manifest that it names is there as it was sealed. */
function checkChannel({ objects, records }: Remains, channel: Channel, violate: Violate): void {
  const name = `${channel.builder} ${channel.channel}`;
  const manifest = parsed(objects, channel.published.path, HashManifest);
  if (channel.channel_id !== channelIdOf(channel.builder, channel.channel)) violate('a channel has the id of its name', name);
  if (manifest === undefined || manifestDigest(manifest) !== channel.published.digest)
    violate('what is published is there as it was sealed', name);
  const artifacts = manifest?.artifacts.map(({ id }) => id);
  if (canonicalJson(artifacts ?? []) !== canonicalJson(channel.artifacts)) violate('a channel names the artifacts of its build', name);
  if (records.stored.builds.get(channel.previous ?? channel.published.build_id)?.state !== 'succeeded')
    violate('a channel pointed to a success before', name);
}

function checkFinal({ objects, notices, announced, packerRuns, plans }: Remains, build: Build, violate: Violate): void {
  const { build_id: id, builder, state } = build;
  const result = parsed(objects, build.result_path, Result);
  const summary = parsed(objects, build.summary_path, LogSummary);
  if (result === undefined) violate('every final build has its result', id);
  else checkResult(build, result, violate);
  if (summary === undefined) violate('every final build has its summary', id);
  else if (summary.state !== state || summary.attempts.length !== build.attempts.length) violate('the summary tells of the build', id);
  for (const key of [keys.result(builder, id), keys.summary(builder, id), build.manifest?.path]) {
    const tags = key === undefined ? undefined : objects.stored.get(key)?.tags;
    if (key !== undefined && (tags?.retention !== build.retention || tags.build !== id)) violate('nothing final lacks its tags', key);
  }
  for (const { run } of build.attempts)
    for (const key of run === null || plans.get(run) === 'overwrites' ? [] : Object.values(keys.incoming(run)))
      if (objects.stored.has(key)) violate('what a completed run handed over goes', key);
  for (const { outcome, attempt } of build.attempts) {
    for (const key of [outcome?.log?.path, outcome?.scrub_manifest_path ?? undefined])
      if (key !== undefined && !objects.stored.has(key)) violate('what an attempt left is kept', `${id}: ${key}`);
    if (outcome?.log !== undefined && outcome.log !== null && packerRuns.get(`${id} attempt ${attempt}`) !== 1)
      violate('a log comes from a packer run', id);
  }
  if ((state === 'escalated' || state === 'quarantined') && !notices.has(`${id}:${state}`))
    violate('the operators are told', `${id}:${state}`);
  if (!announced.has(`${id}:${state}`)) violate('each final state is announced', `${id}:${state}`);
  if (state === 'escalated' && build.attempts.length !== 2) violate('escalated after two attempts', id);
  if ((state === 'succeeded') !== (build.manifest !== null)) violate('a success, and nothing else, seals a manifest', id);
  if (state === 'stopped' && build.stop === null && build.attempts.length === 0) violate('somebody stopped what is stopped', id);
}

function checkResult(build: Build, result: Result, violate: Violate): void {
  const ran = build.attempts.findLast((each) => each.run !== null)?.attempt ?? 0;
  const agrees =
    result.build_id === build.build_id &&
    result.state === build.state &&
    result.exit_code === states[build.state].exit_code &&
    result.attempt === ran &&
    !result.retryable &&
    result.finished_at === build.finished_at &&
    result.manifest_path === (build.manifest?.path ?? build.decision?.unchanged?.path ?? null);
  if (!agrees) violate('the result agrees with the record', `${build.build_id}: ${canonicalJson(result)}`);
}

/** The chain has neither fork nor hole: each success is one link, and the records know its head. */
function checkChain({ records, objects, planted }: Remains, { builder, newest }: BuilderRecord, violate: Violate): void {
  const links = [...objects.stored.keys()]
    .filter((key) => key.startsWith(`artifacts/${builder}/`) && !planted.has(key))
    .flatMap((key) => parsed(objects, key, HashManifest) ?? [])
    .toSorted((a, b) => a.sequence - b.sequence);
  const sealed = [...records.stored.builds.values()].filter((build) => build.builder === builder && build.manifest !== null);
  if (links.length !== sealed.length)
    violate('each sealed manifest belongs to a success', `${links.length} manifests, ${sealed.length} builds`);
  for (const [index, link] of links.entries()) {
    const before = links[index - 1];
    const previous = before === undefined ? null : { digest: manifestDigest(before), fingerprint: before.fingerprint };
    if (link.sequence !== index + 1 || canonicalJson(link.previous) !== canonicalJson(previous))
      violate('the chain has no fork and no hole', `${builder}: ${link.build_id} is number ${link.sequence}`);
    const record = sealed.find((build) => build.build_id === link.build_id)?.manifest;
    if (record?.digest !== manifestDigest(link) || record.fingerprint !== link.fingerprint)
      violate('the records know each manifest', link.build_id);
  }
  const head = links.at(-1);
  if (newest?.build_id !== head?.build_id || newest?.sequence !== head?.sequence)
    violate('the records know the head of the chain', builder);
  const variants = new Map(sealed.map((build) => [variantIdOf(build.builder, build.variables), build]));
  for (const [id, build] of variants) {
    const last = links.findLast((link) => variantIdOf(build.builder, records.stored.builds.get(link.build_id)?.variables ?? {}) === id);
    if (records.stored.variants.get(id)?.newest.build_id !== last?.build_id)
      violate('the records know the newest manifest of each variant', builder);
  }
}

/** The newest-of keys show what the records call newest. */
function checkPointers({ objects }: Remains, { builder, newest, last }: BuilderRecord, violate: Violate): void {
  const pairs = [
    [keys.newestManifest(builder), newest === null ? undefined : newest.path],
    [keys.newestSummary(builder), last === null ? undefined : keys.summary(builder, last)],
  ] as const;
  for (const [pointer, sealed] of pairs) {
    if (textOf(objects, pointer) !== (sealed === undefined ? undefined : textOf(objects, sealed)))
      violate('the newest-of keys show the newest', `${pointer} is not ${sealed}`);
  }
}

function checkSchemas({ stored }: MemoryRecords, violate: Violate): void {
  const documents = [
    ...[...stored.builds.values()].map((document) => documentSchemas.build.safeParse(document)),
    ...[...stored.builders.values()].map((document) => documentSchemas.builder.safeParse(document)),
    ...[...stored.variants.values()].map((document) => documentSchemas.variant.safeParse(document)),
    ...[...stored.channels.values()].map((document) => documentSchemas.channel.safeParse(document)),
    ...[...stored.tokens.values()].map((document) => documentSchemas['request-token'].safeParse(document)),
    ...[...stored.strays.values()].map((document) => documentSchemas['stray-event'].safeParse(document)),
  ];
  for (const { error } of documents) if (error !== undefined) violate('every document fits its schema', error.message);
}

function textOf(objects: MemoryObjects, key: string): string | undefined {
  const found = objects.stored.get(key);
  return found === undefined ? undefined : decoder.decode(found.content);
}

function parsed<T>(
  objects: MemoryObjects,
  key: string | null,
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
): T | undefined {
  const text = key === null ? undefined : textOf(objects, key);
  const read = text === undefined ? undefined : schema.safeParse(JSON.parse(text));
  return read?.success === true ? read.data : undefined;
}
