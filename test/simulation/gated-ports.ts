import { type CompletePorts } from '../../core/complete.ts';
import { type DispatchPorts } from '../../core/dispatch.ts';
import {
  type Announcements,
  type ArtifactCheck,
  type BuildService,
  type Compression,
  type DeployedSource,
  type Ids,
  type LongObjects,
  type Objects,
  type Operators,
  type Randomness,
  type Records,
  type RetentionCheck,
} from '../../core/ports.ts';
import { type Turns } from '../../core/turn.ts';
import { type Actor, type Scheduler } from './scheduler.ts';

/** What all actors share. */
export interface SharedPorts {
  readonly records: Records;
  readonly objects: Objects & LongObjects;
  readonly buildService: BuildService;
  readonly operators: Operators;
  readonly announcements: Announcements;
  readonly artifactCheck: ArtifactCheck;
  readonly retentionCheck: RetentionCheck;
  readonly deployedSource: DeployedSource;
  readonly turns: Turns;
  readonly ids: Ids;
  readonly randomness: Randomness;
  /** Which version of the program is deployed, from 0: each lays out and compresses in its own way. */
  program(): number;
}

/** What a dispatcher knows of the world, with each of its effects under the scheduler's hand. */
export function gatedPorts(
  scheduler: Scheduler,
  actor: Actor,
  shared: SharedPorts,
): CompletePorts & DispatchPorts & { readonly turns: Turns } {
  const { records, objects, buildService, operators, announcements, artifactCheck, retentionCheck, turns } = shared;
  const gate = <T>(label: string, work: () => Promise<T>) => scheduler.effect(actor, label, work);
  return {
    records: {
      readBuild: (id) => gate(`read build ${id}`, () => records.readBuild(id)),
      readBuilder: (name) => gate(`read builder ${name}`, () => records.readBuilder(name)),
      readVariant: (id) => gate('read variant', () => records.readVariant(id)),
      readChannel: (id) => gate('read channel', () => records.readChannel(id)),
      readRequestToken: (id) => gate('read token', () => records.readRequestToken(id)),
      readStrayEvent: (id) => gate('read stray event', () => records.readStrayEvent(id)),
      commit: (writes) =>
        gate(
          `commit ${writes.map(({ type, document }) => ('state' in document ? `${type} ${document.build_id}: ${document.state}` : type)).join(' + ')}`,
          () => records.commit(writes),
        ),
      listBuilds: (builder, page) => gate(`list builds of ${builder}`, () => records.listBuilds(builder, page)),
      listOpenBuilds: (page) => gate('list open builds', () => records.listOpenBuilds(page)),
      listBuilders: (page) => gate('list builders', () => records.listBuilders(page)),
      listChannels: (builder, page) => gate(`list channels of ${builder}`, () => records.listChannels(builder, page)),
    },
    objects: {
      create: (key, content, tags) => gate(`create ${key}`, () => objects.create(key, content, tags)),
      replace: (key, content, tags, standing) => gate(`replace ${key}`, () => objects.replace(key, content, tags, standing)),
      read: (key, wanted) =>
        gate(`read ${key}${wanted.version === undefined ? '' : ` ${wanted.version}`}`, () => objects.read(key, wanted)),
      createFrom: (key, content, tags) => gate(`create ${key}`, () => objects.createFrom(key, content, tags)),
      open: (key, wanted) =>
        gate(`open ${key}${wanted.version === undefined ? '' : ` ${wanted.version}`}`, () => objects.open(key, wanted)),
      tags: (key) => gate(`tags of ${key}`, () => objects.tags(key)),
      list: (prefix, page) => gate(`list ${prefix}`, () => objects.list(prefix, page)),
      removeRun: (run) => gate(`remove what ${run} handed over`, () => objects.removeRun(run)),
      tell: (run, word, reason) => gate(`tell ${run} to ${word}`, () => objects.tell(run, word, reason)),
    },
    buildService: {
      start: (request) => gate(`start ${request.token}`, () => buildService.start(request)),
      look: (runs) => gate(`look at ${runs.join(' ')}`, () => buildService.look(runs)),
      stop: (run) => gate(`stop ${run} by force`, () => buildService.stop(run)),
      forget: (run) => gate(`forget ${run}`, () => buildService.forget(run)),
    },
    operators: { notify: (notice) => gate(`notify ${notice.key}`, () => operators.notify(notice)) },
    announcements: { announce: (end) => gate(`announce ${end.build_id}: ${end.state}`, () => announcements.announce(end)) },
    artifactCheck: { look: (artifacts, made) => gate('look for the artifacts', () => artifactCheck.look(artifacts, made)) },
    retentionCheck: { look: () => gate('look at the rules of the bucket', () => retentionCheck.look()) },
    turns: { send: (turn, delay) => gate(`send a turn for ${turn.turn}`, () => turns.send(turn, delay)) },
    // Lies beside the dispatcher's own code.
    deployedSource: shared.deployedSource,
    clock: { now: () => scheduler.now },
    ids: shared.ids,
    randomness: shared.randomness,
    compression: compressionOf(shared.program()),
  };
}

/**
 * Compression that leaves the bytes as they are, with a mark at the end: what zlib does is not what is simulated, but that
 * two versions of the program do it each in its way.
 */
function compressionOf(program: number): Compression {
  const mark = new TextEncoder().encode(programMark.repeat(program));
  return {
    compress: (content) => Buffer.concat([content, mark]),
    expand: (content, { bytes }) => (content.length > bytes ? undefined : content),
    async *compressing(content) {
      yield* content;
      yield mark;
    },
    expanding: (content) => content,
  };
}

const programMark = '\u0004';

/** What was compressed, whichever version of the program did it. */
export function withoutMark(text: string): string {
  return text.replaceAll(programMark, '');
}
