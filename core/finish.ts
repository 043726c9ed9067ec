import { type Build } from './build.ts';
import { type BuilderRecord } from './builder-record.ts';
import { type Config } from './config.ts';
import { keys } from './contract/keys.ts';
import { type ObjectKind, type Tags } from './contract/tags.ts';
import { type Ending, manifestOf, resultOf, summaryOf } from './final-documents.ts';
import { type HashManifest, documentText, manifestDigest } from './hash-manifest.ts';
import { timestamp } from './identity.ts';
import { type SettlePorts, settle } from './settle.ts';

const encoder = new TextEncoder();

/** The tags of what a build leaves. */
export function tagsOf(build: Build, kind: ObjectKind): Tags {
  return { kind, builder: build.builder, build: build.build_id, retention: build.retention };
}

/**
 * Writes what a final build leaves (manifest, result, summary), then, in one commit, the final state, the head of
 * the chain, the quarantine and the builder's freedom for the next build. Objects come first, so that nothing
 * final lacks them; they are the same bytes whoever writes them, so a crash in between costs nothing. What may only
 * follow the final state is `settle`.
 *
 * @returns the build as it stands in the records; unchanged where somebody else was faster.
 */
export async function finishBuild(
  ports: SettlePorts,
  config: Config,
  build: Build,
  builder: BuilderRecord,
  ending: Ending,
): Promise<Build> {
  const manifest = manifestOf(build, builder, ending);
  if (manifest !== null && (await seal(ports, build, manifest)) === 'different') {
    return finishBuild(ports, config, build, builder, chainBroken(ending, keys.manifest(build.builder, build.build_id)));
  }
  const paths = { result: keys.result(build.builder, build.build_id), summary: keys.summary(build.builder, build.build_id) };
  const finished: Build = {
    ...build,
    version: build.version + 1,
    state: ending.state,
    completing: null,
    retry_at: null,
    finished_at: timestamp(ending.at),
    result_path: paths.result,
    summary_path: paths.summary,
    manifest:
      manifest === null
        ? null
        : { path: keys.manifest(build.builder, build.build_id), digest: manifestDigest(manifest), fingerprint: manifest.fingerprint },
  };
  await ports.objects.create(paths.result, encoder.encode(documentText(resultOf(finished, ending))), tagsOf(build, 'result'));
  await ports.objects.create(
    paths.summary,
    encoder.encode(documentText(summaryOf(config.retention, finished, ending))),
    tagsOf(build, 'log-summary'),
  );

  const after = builderAfter(builder, finished, ending, manifest);
  const commit = await ports.records.commit([
    { type: 'build', expected: build.version, document: finished },
    { type: 'builder', expected: builder.version, document: after },
  ]);
  return commit.committed ? settle(ports, finished, after) : build;
}

async function seal(ports: SettlePorts, build: Build, manifest: HashManifest): Promise<'created' | 'same' | 'different'> {
  const content = encoder.encode(documentText(manifest));
  return ports.objects.create(keys.manifest(build.builder, build.build_id), content, tagsOf(build, 'hash-manifest'));
}

function chainBroken(ending: Ending, path: string): Ending {
  const reason = `${path} is there already, with other content than this build seals`;
  return {
    ...ending,
    state: 'quarantined',
    stderr: reason,
    verdict: {
      exit_code: 3,
      classification: {
        rule: 'CHAIN_BROKEN',
        reason,
        hint: 'find out who wrote it; a sealed manifest is never overwritten',
        evidence: [path],
      },
    },
  };
}

function builderAfter(builder: BuilderRecord, build: Build, ending: Ending, manifest: HashManifest | null): BuilderRecord {
  const { rule, reason, evidence } = ending.verdict.classification;
  const closes = build.state === 'quarantined' && builder.quarantine === null;
  return {
    ...builder,
    version: builder.version + 1,
    current: builder.current === build.build_id ? null : builder.current,
    queue: builder.queue.filter((waiting) => waiting !== build.build_id),
    last: build.build_id,
    newest:
      manifest === null || build.manifest === null
        ? builder.newest
        : { build_id: build.build_id, ...build.manifest, sequence: manifest.sequence, sealed_at: manifest.sealed_at },
    quarantine: closes ? { build_id: build.build_id, since: timestamp(ending.at), rule, reason, evidence } : builder.quarantine,
  };
}
