import { type Build } from './build.ts';
import { type BuilderRecord, queueLimit } from './builder-record.ts';
import { type Config, builderOf } from './config.ts';
import { type Outcome, failure, success } from './failure.ts';
import { type BuilderName, timestamp } from './identity.ts';
import { type Clock, type Ids, type Records } from './ports.ts';
import { type BuildRequest, effectiveRetention, refusedVariable } from './request.ts';
import { quarantineFailure } from './quarantine.ts';

export interface DispatchPorts {
  readonly records: Records;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface Asked {
  readonly request: BuildRequest;
  /** The command line that asked, scrubbed. */
  readonly command: string;
  readonly by: string;
}

/**
 * Accepts a request: from then on the build is in the records, waiting in its builder's line, and ends in exactly
 * one final state. Nothing is started here; `advance` does that when its turn comes.
 */
export async function dispatch(ports: DispatchPorts, config: Config, asked: Asked): Promise<Outcome<Build>> {
  const { request } = asked;
  const builder = builderOf(config, request.builder);
  if (builder === undefined)
    return failure(
      'BUILDER_UNKNOWN',
      `hybridcore.yaml has no builder ${request.builder}`,
      `there are: ${Object.keys(config.builders).join(', ')}`,
    );
  const refused = refusedVariable(builder, request.builder, request.variables);
  if (refused !== undefined) return { ok: false, failure: refused };
  const retention = effectiveRetention(config, builder, request.retention);
  if (!retention.ok) return retention;

  const build = newBuild(ports, asked, retention.value);
  for (;;) {
    const before = await ports.records.readBuilder(request.builder);
    if (before !== undefined && before.quarantine !== null) return { ok: false, failure: quarantineFailure(before, before.quarantine) };
    if (before !== undefined && before.queue.length >= queueLimit) {
      return failure(
        'QUEUE_FULL',
        `${queueLimit} builds of ${request.builder} wait already`,
        'ask again when some are done; `hybridcore-packer builds` shows them',
      );
    }
    const after =
      before === undefined
        ? newBuilderRecord(request.builder, build)
        : { ...before, version: before.version + 1, queue: [...before.queue, build.build_id] };
    const commit = await ports.records.commit([
      { type: 'builder', expected: before?.version ?? null, document: after },
      { type: 'build', expected: null, document: build },
    ]);
    if (commit.committed) return success(build);
    if (commit.type === 'build') throw new Error(`the new build id ${build.build_id} is taken`);
  }
}

function newBuild(ports: DispatchPorts, asked: Asked, retention: string): Build {
  return {
    schema: 'hybridcore-packer/build/1',
    version: 1,
    build_id: ports.ids.buildId(),
    builder: asked.request.builder,
    state: 'queued',
    command: asked.command,
    requested_at: timestamp(ports.clock.now()),
    requested_by: asked.by,
    variables: asked.request.variables,
    retention,
    attempts: [],
    retry_at: null,
    stop: null,
    decision: null,
    finished_at: null,
    result_path: null,
    summary_path: null,
    manifest: null,
    settled_at: null,
  };
}

function newBuilderRecord(builder: BuilderName, first: Build): BuilderRecord {
  return {
    schema: 'hybridcore-packer/builder/1',
    version: 1,
    builder,
    current: null,
    queue: [first.build_id],
    last: null,
    newest: null,
    quarantine: null,
    released: null,
  };
}
