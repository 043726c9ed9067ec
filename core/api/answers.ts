import { type Build, newestAttempt } from '../build.ts';
import { buildLine } from '../build-line.ts';
import { builderOf } from '../builder-of.ts';
import { type BuilderRecord } from '../builder-record.ts';
import { builderStatus } from '../builder-status.ts';
import { commandText } from '../command-text.ts';
import { type Builder, type Config } from '../config.ts';
import { keys } from '../contract/keys.ts';
import { cursorAfter, placeOf } from '../cursor.ts';
import { dispatch } from '../dispatch.ts';
import { findBuild } from '../find-build.ts';
import { type Outcome, failure, success } from '../failure.ts';
import { BuilderName, type BuildId, type Timestamp, isBuilderName } from '../identity.ts';
import { type Records } from '../ports.ts';
import { pointOutside } from '../point-outside.ts';
import { publishDocument } from '../publish-document.ts';
import { type Wanted, planPublish, publish } from '../publish.ts';
import { releaseQuarantine } from '../quarantine.ts';
import { readManifest } from '../read-manifest.ts';
import { refusedVariables } from '../request-check.ts';
import { raiseDocument } from '../retention/raise-document.ts';
import { isFinal } from '../states.ts';
import { stopBuild } from '../stop.ts';
import type * as z from '../zod.ts';
import { type BuildDocument, type BuildersDocument, type LogLinksDocument } from './api-documents.ts';
import { type ApiDispatcher, type Asked, consoleBeginning } from './dispatcher.ts';
import { type operationAnswers } from './operation-answers.ts';
import { type OperationName, type operations } from './operations.ts';
import { type ProblemAnswer, problemOfRequest } from './problem.ts';

/** Of a result or a summary, in bytes. */
const largestDocument = 16 * 1024 * 1024;

/** The listing that the cursors of `listBuilders` belong to. */
const listing = 'builders';

type AskedFor<Name extends OperationName> = Asked<
  z.infer<(typeof operations)[Name]['parameters']>,
  z.infer<(typeof operations)[Name]['query']>,
  (typeof operations)[Name]['body'] extends z.ZodMiniType ? z.infer<(typeof operations)[Name]['body']> : null
>;

/** The answer of an operation; or why it has none, as a failure of the domain or by itself. */
export type Answered<Document> = Outcome<Document> | ProblemAnswer;

/** What each operation does. */
export type Answers = {
  readonly [Name in OperationName]: (
    dispatcher: ApiDispatcher,
    asked: AskedFor<Name>,
  ) => Promise<Answered<z.infer<(typeof operationAnswers)[Name]>>>;
};

export const answers: Answers = {
  async requestBuild(dispatcher, { parameters: { name }, body, by }) {
    const { ports, config } = dispatcher;
    const command = commandText(['hybridcore-packer', 'dispatch', name]);
    const asked = await dispatch(ports, config, { request: { ...body, builder: name }, command, by });
    if (!asked.ok) return asked;
    const { build, how } = asked.value;
    await haveTurnTaken(dispatcher, build.builder);
    return success({ dispatched: { build_id: build.build_id, builder: build.builder, state: build.state, how } });
  },

  async readBuild({ ports }, { parameters: { id } }) {
    const build = await findBuild(ports.records, id);
    return build.ok ? success(await buildDocument(ports.records, build.value)) : build;
  },

  async stopBuild(dispatcher, { parameters: { id }, by }) {
    const build = await stopBuild(dispatcher.ports, id, by);
    if (!build.ok) return build;
    const { build_id, builder, state, stop } = build.value;
    await haveTurnTaken(dispatcher, builder);
    return success({ build_id, state, stop });
  },

  async raiseRetention({ config, raise, scrub }, { parameters: { id }, body, by }) {
    const raised = await raise(id, { class: body.class, by, reason: scrub(body.reason) });
    return raised.ok ? success(raiseDocument(raised.value, config.retention)) : raised;
  },

  readResult: async (dispatcher, { parameters: { id } }) => leftBehind(dispatcher, id, 'result_path'),

  readSummary: async (dispatcher, { parameters: { id } }) => leftBehind(dispatcher, id, 'summary_path'),

  async readLog({ ports, links, consoles }, { parameters: { id }, query: { attempt: wanted, after } }) {
    const build = await findBuild(ports.records, id);
    if (!build.ok) return build;
    const attempts: LogLinksDocument['attempts'] = [];
    for (const { attempt, run, outcome } of build.value.attempts) {
      if (wanted !== undefined && wanted !== attempt) continue;
      const path = outcome?.log?.path ?? null;
      const link = path === null ? null : ((await links.link(path)) ?? null);
      const said = outcome === null && run !== null ? await consoles.read(run, after ?? consoleBeginning) : null;
      attempts.push({ attempt, log_path: path, link, live: said });
    }
    return success({ build_id: id, state: build.value.state, attempts });
  },

  async readDiag({ ports, links, bundle }, { parameters: { id } }) {
    const build = await findBuild(ports.records, id);
    if (!build.ok) return build;
    const made = await bundle(build.value);
    if (!made.ok) return made;
    const link = await links.link(made.value.path);
    if (link === undefined) return missing(made.value.path, build.value, null);
    return success({ build_id: id, ...made.value, link });
  },

  async listBuilders({ config, ports }, { query: { limit, cursor } }) {
    const names = Object.keys(config.builders)
      .map((name) => BuilderName.parse(name))
      .toSorted();
    const after = placeOf(listing, cursor, isBuilderName);
    const rest = names.filter((name) => name > after);
    const page = rest.slice(0, limit);
    const builders = await Promise.all(page.map(async (name) => builderLine(name, await ports.records.readBuilder(name))));
    return success({ builders, cursor: rest.length > page.length ? cursorAfter(listing, page.at(-1) ?? '') : null });
  },

  async readBuilder({ config, ports }, { parameters: { name } }) {
    const known = declared(config, name);
    return known.ok ? success(await builderStatus(ports.records, name)) : known;
  },

  async listBuilds({ config, ports }, { parameters: { name }, query: { limit, cursor } }) {
    const known = declared(config, name);
    if (!known.ok) return known;
    const { items, cursor: next } = await ports.records.listBuilds(name, { limit, ...(cursor === undefined ? {} : { cursor }) });
    return success({ builder: name, builds: items.map((build) => buildLine(build)), cursor: next ?? null });
  },

  async readManifest({ config, ports }, { parameters: { name }, query: { build } }) {
    const known = declared(config, name);
    if (!known.ok) return known;
    const key = build === undefined ? keys.newestManifest(name) : keys.manifest(name, build);
    const read = await readManifest(ports.objects, key);
    if (read.state === 'read') return success(read.manifest);
    if (read.state === 'unreadable')
      return failure('CHAIN_BROKEN', `${key} cannot be read: ${read.why}`, 'see `hybridcore-packer verify`, and who wrote there');
    const asked = build === undefined ? undefined : await ports.records.readBuild(build);
    const goneSince = asked?.builder === name ? (asked.expired?.manifest_at ?? null) : null;
    if (asked !== undefined && goneSince !== null) return missing(key, asked, goneSince);
    return failure(
      'MANIFEST_MISSING',
      build === undefined ? `no build of ${name} has sealed a manifest` : `the build ${build} of ${name} has sealed no manifest`,
      `see \`hybridcore-packer builds ${name}\``,
    );
  },

  async publish({ config, ports, pointers }, { parameters: { name }, body: { channel, check, build, fingerprint, variables = {} }, by }) {
    const known = declared(config, name);
    if (!known.ok) return known;
    const [refused] = refusedVariables(known.value, name, variables);
    if (refused !== undefined) return { ok: false, failure: refused };
    const wanted: Wanted | undefined =
      build === undefined ? (fingerprint === undefined ? undefined : { build: null, variables, fingerprint, inputs: null }) : { build };
    if (wanted === undefined) throw new TypeError('unreachable: the schema asks for a build or a fingerprint');
    const request = { builder: name, channel, wanted, by };
    const plan = await (check ? planPublish(ports, request) : publish(ports, request));
    if (!plan.ok) return plan;
    const pointed = check ? success(false) : await pointOutside(pointers, known.value, plan.value.channel);
    return pointed.ok ? success(publishDocument(known.value, plan.value, { check, set: pointed.value, undeclared: [] })) : pointed;
  },

  async releaseQuarantine(dispatcher, { parameters: { name }, body: { reason }, by }) {
    const known = declared(dispatcher.config, name);
    if (!known.ok) return known;
    const released = await releaseQuarantine(dispatcher.ports, name, by, dispatcher.scrub(reason));
    if (!released.ok) return released;
    await haveTurnTaken(dispatcher, name);
    const { builder, quarantine, released: how } = released.value;
    return success({ builders: [{ builder, quarantine, released: how }] });
  },
};

/** What was asked for is in the records by now, so a turn that cannot be sent is left to the next sweep. */
async function haveTurnTaken({ turns, tell }: ApiDispatcher, builder: BuilderName): Promise<void> {
  try {
    await turns.send({ turn: builder }, 0);
  } catch (cause) {
    tell(cause);
  }
}

function declared(config: Config, name: BuilderName): Outcome<Builder> {
  const builder = builderOf(config, name);
  if (builder !== undefined) return success(builder);
  return failure('BUILDER_UNKNOWN', `hybridcore.yaml has no builder ${name}`, `it has: ${Object.keys(config.builders).join(', ')}`);
}

async function buildDocument(records: Records, build: Build): Promise<BuildDocument> {
  const verdict = build.decision?.verdict ?? newestAttempt(build)?.outcome?.verdict;
  const builder = build.state === 'queued' ? await records.readBuilder(build.builder) : undefined;
  const place = builder?.queue.indexOf(build.build_id) ?? -1;
  return {
    ...buildLine(build),
    builder: build.builder,
    reason: verdict?.classification.reason ?? null,
    hint: verdict?.classification.hint ?? null,
    runs: build.attempts.map(({ attempt, run, started_at, finished_at, outcome }) => ({
      attempt,
      run,
      started_at,
      finished_at,
      exit_code: outcome?.verdict.exit_code ?? null,
      rule: outcome?.verdict.classification.rule ?? null,
      reason: outcome?.verdict.classification.reason ?? null,
    })),
    retention: build.retention,
    waits_behind: place < 0 ? null : place + (builder?.current === null ? 0 : 1),
    retry_at: build.retry_at,
    unkept_since: build.unkept_since,
    stop: build.stop,
    result_path: build.result_path,
    summary_path: build.summary_path,
    manifest: build.manifest,
  };
}

function builderLine(builder: BuilderName, record: BuilderRecord | undefined): BuildersDocument['builders'][number] {
  return {
    builder,
    current: record?.current ?? null,
    waiting: record?.queue.length ?? 0,
    last: record?.last ?? null,
    newest_manifest: record?.newest ?? null,
    quarantine: record?.quarantine ?? null,
    released: record?.released ?? null,
  };
}

/** A document that a build leaves when it has ended, as it was written. */
async function leftBehind<Document>(
  { ports }: ApiDispatcher,
  id: BuildId,
  which: 'result_path' | 'summary_path',
): Promise<Answered<Document>> {
  const build = await findBuild(ports.records, id);
  if (!build.ok) return build;
  const path = build.value[which];
  if (path === null || !isFinal(build.value.state))
    return problemOfRequest(
      'BUILD_NOT_ENDED',
      `the build ${id} is ${build.value.state}`,
      `ask again when it has ended; /builds/${id} says how it is`,
    );
  const read = await ports.objects.read(path, { bytes: largestDocument });
  if (read.state !== 'read') return missing(path, build.value, build.value.expired?.at ?? null);
  // It was held against its schema when it was written, and may be of an earlier version.
  // oxlint-disable-next-line no-unsafe-type-assertion
  return success(JSON.parse(new TextDecoder().decode(read.content)) as Document);
}

/**
 * Why an object of a build is not there.
 *
 * @param since when its retention let it go; null where the records know of no such end.
 */
function missing(path: string, { build_id: id, retention, expired }: Build, since: Timestamp | null): Outcome<never> {
  if (expired === null || since === null) return failure('STORAGE', `${path} is not there`, 'somebody has removed it by hand');
  return failure(
    'GONE',
    `${path} has expired: the retention class ${retention} of build ${id} is over, and it went at ${since} (${expired.by})`,
    'what the records still know: `hybridcore-packer retention report`; a build that has to stay is held with `hybridcore-packer retention hold`',
  );
}
