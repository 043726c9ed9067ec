import { type Build } from './build.ts';
import { type BuilderRecord } from './builder-record.ts';
import { keys } from './contract/keys.ts';
import { type RunId, timestamp } from './identity.ts';
import { type BuildService, type Clock, type Notice, type Objects, type Operators, type Records } from './ports.ts';
import { isFinal } from './states.ts';

export interface SettlePorts {
  readonly records: Records;
  readonly objects: Objects;
  readonly buildService: BuildService;
  readonly operators: Operators;
  readonly clock: Clock;
}

/**
 * Does what may only follow a final state, and until it is done the build counts as open: the notice to the operators,
 * the newest-of pointers, and the end of what its runs handed over. Only who wrote the final state begins it, and a
 * sweep finishes what a crash left. Everything in it may be done twice.
 *
 * @throws where the operators cannot be told or the pointers not be written: the next sweep tries again.
 */
export async function settle(ports: SettlePorts, build: Build, builder: BuilderRecord): Promise<void> {
  if (!isFinal(build.state) || build.settled_at !== null) return;
  if (build.state === 'escalated' || build.state === 'quarantined') await ports.operators.notify(noticeOf(build));
  await pointToNewest(ports, build, builder);
  for (const { run } of build.attempts) if (run !== null) await endRun(ports, run);
  const settled: Build = { ...build, version: build.version + 1, settled_at: timestamp(ports.clock.now()) };
  await ports.records.commit([{ type: 'build', expected: build.version, document: settled }]);
}

/** Removes what a run that was completed handed over, and lets the build service forget it. */
export async function endRun(ports: Pick<SettlePorts, 'objects' | 'buildService'>, run: RunId): Promise<void> {
  await ports.objects.removeRun(run);
  await ports.buildService.forget(run);
}

/** Lets the newest-of keys of a builder show its newest manifest and the summary of the build that ended last. */
async function pointToNewest(ports: SettlePorts, build: Build, known: BuilderRecord): Promise<void> {
  for (let builder = known; ;) {
    if (builder.newest?.build_id === build.build_id) await point(ports, builder.newest.path, keys.newestManifest(build.builder));
    if (builder.last === build.build_id && build.summary_path !== null)
      await point(ports, build.summary_path, keys.newestSummary(build.builder));
    const now = await ports.records.readBuilder(build.builder);
    if (now === undefined || (now.newest?.build_id === builder.newest?.build_id && now.last === builder.last)) return;
    // Another build ended meanwhile, and its pointers may be the ones that were just overwritten: they are set once more.
    if (now.newest !== null) await point(ports, now.newest.path, keys.newestManifest(build.builder));
    if (now.last !== null) await point(ports, keys.summary(build.builder, now.last), keys.newestSummary(build.builder));
    builder = now;
  }
}

/** Gives the newest-of key the bytes and tags of the sealed object. */
async function point(ports: SettlePorts, from: string, to: string): Promise<void> {
  const read = await ports.objects.read(from, { bytes: Number.MAX_SAFE_INTEGER });
  const tags = await ports.objects.tags(from);
  if (read.state !== 'read' || tags === undefined)
    throw new Error(`${from} is ${read.state}, and has ${tags === undefined ? 'no ' : ''}tags`);
  await ports.objects.replace(to, read.content, tags);
}

function noticeOf(build: Build): Notice {
  const { rule, reason, hint } = build.decision?.verdict.classification ?? { rule: build.state, reason: '', hint: '' };
  const quarantined = build.state === 'quarantined';
  return {
    key: `${build.build_id}:${build.state}`,
    builder: build.builder,
    build: build.build_id,
    subject: quarantined ? `${build.builder} is quarantined` : `${build.builder} failed twice`,
    message: [
      `${rule}: ${reason}`,
      ...(hint === '' ? [] : [hint]),
      quarantined
        ? `release it with: hybridcore-packer quarantine release ${build.builder} --reason "..."`
        : `see: hybridcore-packer logs ${build.build_id}`,
    ].join('\n'),
  };
}
