import { type Build } from './build.ts';
import { type BuilderRecord } from './builder-record.ts';
import { keys } from './contract/keys.ts';
import { timestamp } from './identity.ts';
import { type BuildService, type Clock, type Notice, type Objects, type Operators, type Records } from './ports.ts';
import { Result } from './result.ts';
import { isFinal } from './states.ts';

export interface SettlePorts {
  readonly records: Records;
  readonly objects: Objects;
  readonly buildService: BuildService;
  readonly operators: Operators;
  readonly clock: Clock;
}

/** A result holds at most 64 KiB of error lines and its artifacts. Bytes. */
const resultLimit = 64 * 1024 * 1024;

/**
 * Does what may only follow a final state, and until it is done the build counts as open: the newest-of pointers,
 * the notice to the operators, and the end of what its runs handed over. Only who wrote the final state begins it,
 * and a sweep finishes what a crash left. Everything in it may be done twice.
 *
 * @throws where the operators cannot be told: the next sweep tries again.
 */
export async function settle(ports: SettlePorts, build: Build, builder: BuilderRecord): Promise<Build> {
  if (!isFinal(build.state) || build.settled_at !== null) return build;
  if (builder.newest?.build_id === build.build_id) await point(ports, build, builder.newest.path, keys.newestManifest(build.builder));
  if (builder.last === build.build_id && build.summary_path !== null)
    await point(ports, build, build.summary_path, keys.newestSummary(build.builder));
  if (build.state === 'escalated' || build.state === 'quarantined') await ports.operators.notify(await noticeOf(ports, build));
  for (const { run } of build.attempts) if (run !== null) await endRun(ports, run);

  const settled: Build = { ...build, version: build.version + 1, settled_at: timestamp(ports.clock.now()) };
  const commit = await ports.records.commit([{ type: 'build', expected: build.version, document: settled }]);
  return commit.committed ? settled : build;
}

/** Removes what a run that was completed handed over, and lets the build service forget it. */
export async function endRun(
  ports: Pick<SettlePorts, 'objects' | 'buildService'>,
  run: NonNullable<Build['attempts'][number]['run']>,
): Promise<void> {
  await ports.objects.removeRun(run);
  await ports.buildService.forget(run);
}

/** Gives the newest-of key the bytes and tags of the sealed object. */
async function point(ports: SettlePorts, build: Build, from: string, to: string): Promise<void> {
  const [read, tags] = [await ports.objects.read(from, { bytes: Number.MAX_SAFE_INTEGER }), await ports.objects.tags(from)];
  if (read.state !== 'read' || tags === undefined)
    throw new Error(`${from} of the final build ${build.build_id} is ${read.state}, with${tags === undefined ? 'out' : ''} tags`);
  await ports.objects.replace(to, read.content, tags);
}

async function noticeOf(ports: SettlePorts, build: Build): Promise<Notice> {
  const read = await ports.objects.read(build.result_path ?? '', { bytes: resultLimit });
  if (read.state !== 'read') throw new Error(`the result of the final build ${build.build_id} is ${read.state}`);
  const { rule, reason, hint } = Result.parse(JSON.parse(new TextDecoder().decode(read.content))).classification;
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
