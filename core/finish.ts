import { type Build, newestAttempt } from './build.ts';
import { type BuilderRecord, type SealedManifest } from './builder-record.ts';
import { verdictLines, verdictOf } from './classification/verdict.ts';
import { type Config } from './config.ts';
import { keys } from './contract/keys.ts';
import { decide } from './decide.ts';
import { type Ending, manifestOf, resultOf, summaryOf } from './final-documents.ts';
import { documentText, manifestDigest } from './document-text.ts';
import { type HashManifest } from './hash-manifest.ts';
import { type RecordWrite, type Records } from './ports.ts';
import { createSealed, sealManifest } from './sealing.ts';
import { type SettlePorts, settle } from './settle.ts';
import { stateAfter } from './transitions.ts';
import { type Variant, variantIdOf } from './variant.ts';

const encoder = new TextEncoder();

/**
 * Carries out what was decided on a build: writes what it leaves (manifest, result, summary), then, in one commit, the
 * final state, the head of the chain, the quarantine and the builder's freedom for the next build. Objects come first,
 * so that nothing final lacks them; what was written for this decision stays, whoever goes on, so a crash in between costs nothing.
 * What may only follow the final state is `settle`.
 *
 * @param build with its decision.
 * @throws FailureError where another object stands in the place of one that this build leaves.
 */
export async function finishBuild(
  ports: SettlePorts,
  config: Config,
  build: Build,
  builder: BuilderRecord,
  tells: Pick<Ending, 'artifacts' | 'stderr' | 'report'>,
): Promise<void> {
  const { decision } = build;
  if (decision === null) throw new TypeError(`nothing is decided on the build ${build.build_id}`);
  const state = stateAfter(build.state, decision.event, newestAttempt(build)?.attempt ?? 0);
  if (state === undefined) throw new TypeError(`no transition leads from ${build.state} by ${decision.event}`);
  const ending: Ending = { ...tells, state, decision };

  const toSeal = manifestOf(build, builder, ending);
  const manifest = toSeal === null ? null : await sealManifest(ports, build, toSeal);
  const manifestPath = keys.manifest(build.builder, build.build_id);
  if (manifest === undefined) {
    const verdict = chainBroken(manifestPath);
    const end = {
      event: 'violate',
      verdict,
      judged: decision.judged ?? decision.verdict,
      rests_on: decision.rests_on,
      unchanged: null,
    } as const;
    const broken = await decide(ports, build, end, decision.redaction_key);
    if (broken !== undefined) await finishBuild(ports, config, broken, builder, { ...tells, stderr: verdictLines(verdict) });
    return;
  }
  const finished: Build = {
    ...build,
    version: build.version + 1,
    state,
    decision: { ...decision, redaction_key: null },
    retry_at: null,
    finished_at: decision.at,
    result_path: keys.result(build.builder, build.build_id),
    summary_path: keys.summary(build.builder, build.build_id),
    manifest: manifest === null ? null : { path: manifestPath, digest: manifestDigest(manifest), fingerprint: manifest.fingerprint },
  };
  await createSealed(
    ports,
    build,
    'result',
    keys.result(build.builder, build.build_id),
    encoder.encode(documentText(resultOf(finished, ending))),
  );
  await createSealed(
    ports,
    build,
    'log-summary',
    keys.summary(build.builder, build.build_id),
    encoder.encode(documentText(summaryOf(config.retention, finished, ending))),
  );

  const after = builderAfter(builder, finished, ending, manifest);
  const commit = await ports.records.commit([
    { type: 'build', expected: build.version, document: finished },
    { type: 'builder', expected: builder.version, document: after },
    ...(manifest === null || after.newest === null ? [] : [await variantWrite(ports.records, finished, after.newest)]),
  ]);
  if (commit.committed) await settle(ports, finished);
}

function chainBroken(path: string) {
  return verdictOf({
    rule: 'CHAIN_BROKEN',
    message: `${path} is there already, with other content than this build seals`,
    remedy: 'find out who wrote it; a sealed manifest is never overwritten',
    evidence: [path],
  });
}

/** Makes a manifest the newest of its build's variables. */
async function variantWrite(records: Records, build: Build, newest: SealedManifest): Promise<RecordWrite> {
  const id = variantIdOf(build.builder, build.variables);
  const expected = (await records.readVariant(id))?.version ?? null;
  const document: Variant = {
    schema: 'hybridcore-packer/variant/1',
    version: (expected ?? 0) + 1,
    variant_id: id,
    builder: build.builder,
    newest,
  };
  return { type: 'variant', expected, document };
}

function builderAfter(builder: BuilderRecord, build: Build, ending: Ending, manifest: HashManifest | null): BuilderRecord {
  const { at, verdict } = ending.decision;
  const { rule, reason, evidence } = verdict.classification;
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
    quarantine: closes ? { build_id: build.build_id, since: at, rule, reason, evidence } : builder.quarantine,
  };
}
