import { type Build } from './build.ts';
import { type BuilderRecord } from './builder-record.ts';
import { keys } from './contract/keys.ts';
import { type BuilderName, type RunId, timestamp } from './identity.ts';
import {
  type Announcements,
  type BuildService,
  type Clock,
  type FinalState,
  type Notice,
  type Objects,
  type Operators,
  type Records,
} from './ports.ts';
import { isFinal } from './states.ts';

export interface SettlePorts {
  readonly records: Records;
  readonly objects: Objects;
  readonly buildService: BuildService;
  readonly operators: Operators;
  readonly announcements: Announcements;
  readonly clock: Clock;
}

/**
 * Does what may only follow a final state, and until it is done the build counts as open: the notice to the operators,
 * the newest-of pointers, the announcement, and the end of what its runs handed over. Only who wrote the final state begins it, and a
 * sweep finishes what a crash left. Everything in it may be done twice.
 *
 * @throws where the operators cannot be told, the pointers not be written or the end not be announced: the next sweep tries again.
 */
export async function settle(ports: SettlePorts, build: Build): Promise<void> {
  if (!isFinal(build.state) || build.settled_at !== null) return;
  if (build.state === 'escalated' || build.state === 'quarantined') await ports.operators.notify(noticeOf(build));
  await pointToNewest(ports, build.builder);
  await ports.announcements.announce(finalStateOf(build));
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
async function pointToNewest(ports: SettlePorts, name: BuilderName): Promise<void> {
  await point(ports, keys.newestManifest(name), name, ({ newest }) => newest?.path ?? null);
  await point(ports, keys.newestSummary(name), name, ({ last }) => (last === null ? null : keys.summary(name, last)));
}

/**
 * Gives a newest-of key the bytes and tags of the sealed object that it is to show. What stands there is read before the
 * records are, and replaced only if it still stands there: so who was held up in between cannot set it back, whoever has
 * settled meanwhile.
 */
async function point(
  ports: SettlePorts,
  pointer: string,
  name: BuilderName,
  pathOf: (builder: BuilderRecord) => string | null,
): Promise<void> {
  for (;;) {
    const standing = await ports.objects.read(pointer, { bytes: Number.MAX_SAFE_INTEGER });
    const builder = await ports.records.readBuilder(name);
    const path = builder === undefined ? null : pathOf(builder);
    if (path === null) return;
    const sealed = await ports.objects.read(path, { bytes: Number.MAX_SAFE_INTEGER });
    const tags = await ports.objects.tags(path);
    if (sealed.state !== 'read' || tags === undefined)
      throw new Error(`${path} is ${sealed.state}, and has ${tags === undefined ? 'no ' : ''}tags`);
    if (standing.state !== 'read' && standing.state !== 'absent') throw new Error(`${pointer} is ${standing.state}`);
    const before = standing.state === 'read' ? standing.content : null;
    if (before !== null && Buffer.compare(before, sealed.content) === 0) return;
    if ((await ports.objects.replace(pointer, sealed.content, tags, before)) === 'replaced') return;
  }
}

function finalStateOf(build: Build): FinalState {
  const { decision, finished_at: finishedAt } = build;
  if (decision === null || finishedAt === null) throw new TypeError(`the build ${build.build_id} is final, and nothing was decided on it`);
  return {
    build_id: build.build_id,
    builder: build.builder,
    state: build.state,
    exit_code: decision.verdict.exit_code,
    rule: decision.verdict.classification.rule,
    attempts: build.attempts.filter((attempt) => attempt.run !== null).length,
    requested_by: build.requested_by,
    finished_at: finishedAt,
    result_path: keys.result(build.builder, build.build_id),
    summary_path: keys.summary(build.builder, build.build_id),
    manifest_path: build.manifest?.path ?? decision.unchanged?.path ?? null,
  };
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
