import { type Build } from './build.ts';
import { type BuilderRecord, type SealedManifest } from './builder-record.ts';
import { type ChainLink } from './chain-link.ts';
import { brokenChain } from './chain-problem.ts';
import { type Channel, type ChannelName, channelIdOf, namedArtifacts } from './channel.ts';
import { commandText } from './command-text.ts';
import { keys } from './contract/keys.ts';
import { type Digest } from './digest.ts';
import { type InputDifference, compareInputs, differenceLines } from './drift.ts';
import { type Outcome, failure, success } from './failure.ts';
import { manifestDigest } from './document-text.ts';
import { type HashManifest } from './hash-manifest.ts';
import { type BuildId, type BuilderName, timestamp } from './identity.ts';
import { type Input } from './input.ts';
import { readChain } from './manifest-chain.ts';
import { type Clock, type Objects, type RecordWrite, type Records } from './ports.ts';
import { quarantineFailure } from './quarantine.ts';
import { readManifest } from './read-manifest.ts';
import { isFinal } from './states.ts';
import { variantIdOf } from './variant.ts';

/** How many inputs that differ are told one by one. */
const mostTold = 100;

export interface PublishPorts {
  readonly records: Records;
  readonly objects: Objects;
  readonly clock: Clock;
}

/** The newest build of some request variables, as long as the inputs are what they were; or any earlier one, on purpose. */
export type Wanted =
  | {
      readonly build: null;
      readonly variables: Readonly<Record<string, string>>;
      /** Of the inputs as who asks sees them now. */
      readonly fingerprint: Digest;
      /** The same inputs, for the answer to name those that differ; null where only the fingerprint is known. */
      readonly inputs: readonly Input[] | null;
    }
  | { readonly build: BuildId };

export interface PublishRequest {
  readonly builder: BuilderName;
  readonly channel: ChannelName;
  readonly wanted: Wanted;
  readonly by: string;
}

/** What publishing comes to, where the gate lets it through. */
export interface PublishPlan {
  /** The channel as it is then. */
  readonly channel: Channel;
  /** False where it points to that build already. */
  readonly moves: boolean;
  /** What it points to before that; null where it is new. */
  readonly before: SealedManifest | null;
  /** How the inputs differ from those published before; null where nothing was. */
  readonly difference: InputDifference | null;
}

/**
 * Decides what `publish` would do, and moves nothing.
 *
 * @returns BUILDER_QUARANTINED or CHAIN_BROKEN where a person has to look first; MANIFEST_MISSING, INPUTS_DRIFTED,
 * BUILD_UNKNOWN or BUILD_NOT_PUBLISHABLE where there is nothing to publish, or no longer what the inputs say.
 */
export async function planPublish(ports: PublishPorts, request: PublishRequest): Promise<Outcome<PublishPlan>> {
  for (;;) {
    const builder = await ports.records.readBuilder(request.builder);
    const plan = await planOver(ports, request, builder);
    if (await stands(ports.records, request.builder, builder)) return plan;
  }
}

/**
 * Lets a channel point to a build, where the gate lets it through. The commit is on the condition of the channel's version
 * and of the builder's: a quarantine, a newer manifest or another publishing in between has all looked at anew. What is
 * published already is a success that changes nothing.
 *
 * @returns the plan that was carried out, or why there was none (`planPublish`).
 */
export async function publish(ports: PublishPorts, request: PublishRequest): Promise<Outcome<PublishPlan>> {
  for (;;) {
    const builder = await ports.records.readBuilder(request.builder);
    const plan = await planOver(ports, request, builder);
    if (plan.ok && plan.value.moves && builder !== undefined) {
      if ((await ports.records.commit(writesOf(builder, plan.value.channel))).committed) return plan;
    } else if (await stands(ports.records, request.builder, builder)) {
      return plan;
    }
  }
}

/** Whether the record of a builder is what it was: only then was what hangs on it seen at one moment. */
async function stands(records: Records, name: BuilderName, builder: BuilderRecord | undefined): Promise<boolean> {
  return (await records.readBuilder(name))?.version === builder?.version;
}

function writesOf(builder: BuilderRecord, channel: Channel): readonly RecordWrite[] {
  return [
    { type: 'channel', expected: channel.version === 1 ? null : channel.version - 1, document: channel },
    { type: 'builder', expected: builder.version, document: { ...builder, version: builder.version + 1 } },
  ];
}

// ---- the gate ----------------------------------------------------------------------------------------------

async function planOver(ports: PublishPorts, request: PublishRequest, builder: BuilderRecord | undefined): Promise<Outcome<PublishPlan>> {
  const quarantine = builder?.quarantine ?? null;
  if (builder !== undefined && quarantine !== null) return { ok: false, failure: quarantineFailure(builder, quarantine) };
  const chain = await readChain(ports, {
    builder: request.builder,
    newest: builder?.newest ?? null,
    chain_begins: builder?.chain_begins ?? null,
  });
  if (!chain.ok) return chain;
  const { links, channels } = chain.value;
  const channel = channels.find((each) => each.channel === request.channel);

  const { wanted } = request;
  const variant = wanted.build === null ? variantIdOf(request.builder, wanted.variables) : null;
  const id = wanted.build ?? links.findLast((link) => link.variant === variant)?.build_id;
  if (id === undefined) return noManifest(request);
  const build = publishable(await ports.records.readBuild(id), request, id);
  if (!build.ok) return build;
  const manifest = await manifestOf(ports.objects, request.builder, links, id);
  if (!manifest.ok) return manifest;
  if (wanted.build === null && manifest.value.fingerprint !== wanted.fingerprint) return drifted(request.builder, wanted, manifest.value);
  if (manifest.value.artifacts.length === 0)
    return failure('BUILD_NOT_PUBLISHABLE', `the build ${id} left no artifact`, 'see its log, mend its template, and build again');
  const before =
    channel === undefined ? success(null) : await manifestOf(ports.objects, request.builder, links, channel.published.build_id);
  return before.ok ? success(planOf(ports.clock.now(), request, manifest.value, channel, before.value)) : before;
}

function noManifest({ builder, wanted }: PublishRequest): Outcome<never> {
  if (wanted.build !== null) return unknownBuild(builder, wanted.build);
  const varied = Object.keys(wanted.variables).length === 0 ? '' : ' with these variables';
  return failure(
    'MANIFEST_MISSING',
    `no build of ${builder}${varied} has succeeded, so there is nothing to publish`,
    `build it first: ${buildCommand(builder, wanted.variables)}`,
  );
}

function unknownBuild(builder: BuilderName, id: BuildId): Outcome<never> {
  return failure('BUILD_UNKNOWN', `${builder} has no build ${id}`, `see \`hybridcore-packer builds ${builder}\` for the ids`);
}

/** A build that has sealed a manifest. */
function publishable(build: Build | undefined, { builder }: PublishRequest, id: BuildId): Outcome<Build> {
  if (build === undefined || build.builder !== builder) return unknownBuild(builder, id);
  if (typeof build.expired?.manifest_at === 'string')
    return failure(
      'BUILD_NOT_PUBLISHABLE',
      `the manifest of the build ${id} has expired: it went on ${build.expired.manifest_at}`,
      `publish a newer one: hybridcore-packer builds ${builder}`,
    );
  if (build.state === 'succeeded') return success(build);
  const skippedFor = build.decision?.unchanged ?? null;
  return failure(
    'BUILD_NOT_PUBLISHABLE',
    `the build ${id} ${isFinal(build.state) ? 'ended' : 'is'} ${build.state}`,
    skippedFor === null
      ? `publish one that succeeded: hybridcore-packer builds ${builder}`
      : `publish the build whose manifest still held: hybridcore-packer publish ${builder} --build ${skippedFor.build_id}`,
  );
}

/** The manifest of a build, as it is in a chain that holds. */
async function manifestOf(
  objects: Objects,
  builder: BuilderName,
  links: readonly ChainLink[],
  id: BuildId,
): Promise<Outcome<HashManifest>> {
  const link = links.find(({ build_id }) => build_id === id);
  const key = keys.manifest(builder, id);
  const found = await readManifest(objects, key);
  if (link !== undefined && found.state === 'read' && manifestDigest(found.manifest) === link.digest) return success(found.manifest);
  const message =
    link === undefined
      ? `${key} is missing: the build succeeded, and no manifest of it is recorded`
      : `${key} was changed while it was read`;
  return { ok: false, failure: brokenChain(builder, message, [key]) };
}

function drifted(builder: BuilderName, wanted: Extract<Wanted, { readonly build: null }>, manifest: HashManifest): Outcome<never> {
  const lines = wanted.inputs === null ? [] : differenceLines(compareInputs(manifest.inputs, wanted.inputs));
  const [first] = lines;
  const what =
    first === undefined
      ? `the fingerprint is ${wanted.fingerprint}, and was ${manifest.fingerprint}`
      : `${first}${lines.length > 1 ? ` (and ${lines.length - 1} more)` : ''}`;
  return failure(
    'INPUTS_DRIFTED',
    `the inputs of ${builder} are no longer those of ${keys.manifest(builder, manifest.build_id)}: ${what}`,
    `build again: ${buildCommand(builder, wanted.variables)}; to publish all the same what was built: hybridcore-packer publish ${builder} --build ${manifest.build_id}`,
    lines.slice(0, mostTold),
  );
}

function buildCommand(builder: BuilderName, variables: Readonly<Record<string, string>>): string {
  const words = Object.entries(variables).flatMap(([name, value]) => ['--var', `${name}=${value}`]);
  return commandText(['hybridcore-packer', 'build', builder, ...words]);
}

// ---- what is to be -----------------------------------------------------------------------------------------

function planOf(
  now: number,
  request: PublishRequest,
  manifest: HashManifest,
  channel: Channel | undefined,
  before: HashManifest | null,
): PublishPlan {
  const difference = before === null ? null : compareInputs(before.inputs, manifest.inputs);
  if (channel?.published.build_id === manifest.build_id) return { channel, moves: false, before: channel.published, difference };
  const published: SealedManifest = {
    build_id: manifest.build_id,
    path: keys.manifest(request.builder, manifest.build_id),
    digest: manifestDigest(manifest),
    fingerprint: manifest.fingerprint,
    sequence: manifest.sequence,
    sealed_at: manifest.sealed_at,
  };
  return {
    channel: {
      schema: 'hybridcore-packer/channel/1',
      version: (channel?.version ?? 0) + 1,
      channel_id: channelIdOf(request.builder, request.channel),
      builder: request.builder,
      channel: request.channel,
      published,
      artifacts: namedArtifacts(manifest),
      published_at: timestamp(now),
      published_by: request.by,
      previous: channel?.published.build_id ?? null,
    },
    moves: true,
    before: channel?.published ?? null,
    difference,
  };
}
