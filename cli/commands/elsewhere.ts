import { type ApiCall, type ApiClient } from '../../adapters/api/api-client.ts';
import { gzip } from '../../adapters/local/gzip.ts';
import { outputFile } from '../../adapters/local/output-file.ts';
import { tarArchive } from '../../adapters/local/tar-archive.ts';
import { BuildDocument, BuildersDocument, DiagLinkDocument, LogLinksDocument } from '../../core/api/api-documents.ts';
import { operationAnswers } from '../../core/api/operation-answers.ts';
import { bundleLimits } from '../../core/diag/bundle-limits.ts';
import { type DiagDocument } from '../../core/diag/diag-documents.ts';
import { readBundle } from '../../core/diag/read-bundle.ts';
import { digestOf } from '../../core/digest.ts';
import {
  BuildsDocument,
  type LogsDocument,
  PublishDocument,
  QuarantineDocument,
  type StatusDocument,
  StopDocument,
} from '../../core/documents.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { fingerprintOf } from '../../core/fingerprint.ts';
import { handoverLimits } from '../../core/handed-over.ts';
import { type UndeclaredInput } from '../../core/input.ts';
import { RetentionRaiseDocument } from '../../core/retention/documents.ts';
import { isFinal } from '../../core/states.ts';
import { type Answer } from '../answer.ts';
import { type Host, type Repository, findBuilder } from '../host.ts';
import { repositoryInputs } from '../repository-inputs.ts';
import { buildsAnswer } from './builds.ts';
import { bundleText } from './diag.ts';
import { type FollowedLogs } from './follow-logs.ts';
import { linesOf, logsAnswer, packedLines } from './logs.ts';
import { type PublishOptions, publishText } from './publish.ts';
import { quarantineAnswer } from './quarantine.ts';
import { raiseAnswer } from './retention-raise.ts';
import { statusAnswer } from './status.ts';
import { stopText } from './stop.ts';

/*
 * What commands do where the dispatcher is elsewhere: they ask its API, and say the same as of the one on this machine.
 */

function reading(path: string, query: ApiCall['query'] = {}): ApiCall {
  return { method: 'GET', path, query, repeatable: true };
}

function ofBuild(typed: string): string {
  return `/builds/${encodeURIComponent(typed.toUpperCase())}`;
}

/** `stop <build>` */
export async function stopElsewhere(api: ApiClient, typed: string): Promise<Outcome<Answer>> {
  const stopped = await api.send({ method: 'POST', path: `${ofBuild(typed)}/stop`, repeatable: true }, StopDocument);
  return stopped.ok ? success({ exitCode: 0, document: stopped.value, text: stopText(stopped.value) }) : stopped;
}

/** `logs <build>` */
export async function logsElsewhere(
  api: ApiClient,
  typed: string,
  options: { readonly attempt?: 1 | 2; readonly raw: boolean },
): Promise<Outcome<Answer>> {
  const found = await api.send(
    reading(`${ofBuild(typed)}/log`, options.attempt === undefined ? {} : { attempt: `${options.attempt}` }),
    LogLinksDocument,
  );
  if (!found.ok) return found;
  const { build_id: id, state, attempts } = found.value;
  const document: LogsDocument = { build_id: id, state, attempts: [] };
  for (const { attempt, log_path: path, link, live } of attempts) {
    if (link === null) {
      document.attempts.push({ attempt, log_path: path, lines: live === null ? absentLines(path) : linesOf(live.text) });
      continue;
    }
    const lines = await packedLog(api, link.url, path);
    if (!lines.ok) return lines;
    document.attempts.push({ attempt, log_path: path, lines: lines.value });
  }
  return success(logsAnswer(document, options.raw));
}

/** What is said of a log that was stored, and to which there is no link any more. */
function absentLines(path: string | null): string[] {
  return path === null ? [] : [`[${path} is not there any more: its retention is over, or somebody has removed it]`];
}

/** The logs of a build elsewhere, for who follows them. */
export function followedLogsElsewhere(api: ApiClient, typed: string): FollowedLogs {
  return {
    async look(attempt, after) {
      const found = await api.send(reading(`${ofBuild(typed)}/log`, { attempt: `${attempt}`, after }), LogLinksDocument);
      if (!found.ok) return found;
      const { build_id, state, attempts } = found.value;
      const [here] = attempts;
      if (here === undefined || (here.live === null && here.link === null && !isFinal(state)))
        return success({ build_id, state, attempt: null });
      const { link, log_path: path, live } = here;
      return success({
        build_id,
        state,
        attempt: { live, stored: async () => (link === null ? success([]) : packedLog(api, link.url, path)) },
      });
    },
    async end() {
      const build = await api.send(reading(ofBuild(typed)), BuildDocument);
      return build.ok ? success({ exit_code: build.value.exit_code, rule: build.value.rule, reason: build.value.reason }) : build;
    },
  };
}

async function packedLog(api: ApiClient, url: string, path: string | null): Promise<Outcome<string[]>> {
  const packed = await api.download(url, handoverLimits.log);
  return packed.ok ? success(packedLines(gzip, path ?? url, packed.value)) : packed;
}

/** `diag <build>`: the bundle is made where the build is, and brought here. */
export async function diagElsewhere(host: Host, api: ApiClient, typed: string, output: string | undefined): Promise<Outcome<Answer>> {
  const made = await api.send(reading(`${ofBuild(typed)}/diag`), DiagLinkDocument);
  if (!made.ok) return made;
  const { path, digest, newer, link } = made.value;
  const file = output ?? `${made.value.build_id}.tar.gz`;
  const named = await outputFile('--output', file, host.workingFolder);
  if (!named.ok) return named;
  const content = await api.download(link.url, bundleLimits.packed);
  if (!content.ok) return content;
  if (digestOf(content.value) !== digest)
    return failure(
      'API_ANSWER',
      `what came of ${path} is not the bundle that was made: its digest is not ${digest}`,
      'ask again; where it stays so, somebody stands between you and the dispatcher',
    );
  const bundle = await readBundle({ archive: tarArchive, compression: gzip }, content.value);
  if (!bundle.ok) return bundle;
  const written = await named.value.write(content.value);
  if (!written.ok) return written;
  const document: DiagDocument = { path: file, digest, size: content.value.length, newer, index: bundle.value.index };
  return success({ exitCode: 0, document, text: bundleText(document) });
}

/** `status [builder]` */
export async function statusElsewhere(api: ApiClient, typed: string | undefined): Promise<Outcome<Answer>> {
  const names = typed === undefined ? await builderLines(api) : success([{ builder: typed }]);
  if (!names.ok) return names;
  const builders: StatusDocument['builders'] = [];
  for (const { builder } of names.value) {
    const status = await api.send(reading(ofBuilder(builder)), operationAnswers.readBuilder);
    if (!status.ok) return status;
    builders.push(status.value);
  }
  return success(statusAnswer({ builders }));
}

/** `builds <builder>` */
export async function buildsElsewhere(
  api: ApiClient,
  typed: string,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Outcome<Answer>> {
  const query = { limit: `${page.limit}`, ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
  const listed = await api.send(reading(`${ofBuilder(typed)}/builds`, query), BuildsDocument);
  return listed.ok ? success(buildsAnswer(listed.value, page.limit)) : listed;
}

/** `quarantine list` */
export async function quarantineListElsewhere(api: ApiClient): Promise<Outcome<Answer>> {
  const all = await builderLines(api);
  if (!all.ok) return all;
  return success(quarantineAnswer({ builders: all.value.map(({ builder, quarantine, released }) => ({ builder, quarantine, released })) }));
}

/** `quarantine release <builder>` */
export async function quarantineReleaseElsewhere(api: ApiClient, typed: string, reason: string): Promise<Outcome<Answer>> {
  const call = { method: 'POST', path: `${ofBuilder(typed)}/quarantine/release`, body: { reason }, repeatable: false } as const;
  const released = await api.send(call, QuarantineDocument);
  if (!released.ok) return released;
  const by = released.value.builders[0]?.released?.by ?? 'you';
  return success({ exitCode: 0, document: released.value, text: `${typed} takes builds again; released by ${by}: ${reason}` });
}

/** `retention raise <build> <class>` */
export async function retentionRaiseElsewhere(
  api: ApiClient,
  typed: string,
  body: { readonly class: string; readonly reason: string },
): Promise<Outcome<Answer>> {
  // Where the answer is lost it may be done: asked again, that is refused, and says so.
  const raised = await api.send({ method: 'POST', path: `${ofBuild(typed)}/retention`, body, repeatable: false }, RetentionRaiseDocument);
  return raised.ok ? success(raiseAnswer(raised.value)) : raised;
}

/** `publish <builder>`: the dispatcher holds the fingerprint of what stands here against what it sealed. */
export async function publishElsewhere(
  host: Host,
  api: ApiClient,
  repository: Repository | undefined,
  typed: string,
  options: Omit<PublishOptions, 'by'>,
): Promise<Outcome<Answer>> {
  const wanted = await wantedElsewhere(repository, typed, options);
  if (!wanted.ok) return wanted;
  const { undeclared, body } = wanted.value;
  const published = await api.send(
    {
      method: 'POST',
      path: `${ofBuilder(typed)}/publish`,
      body: { channel: options.channel, check: options.check, ...body },
      repeatable: true,
    },
    PublishDocument,
  );
  if (!published.ok) return published;
  const document: PublishDocument = { ...published.value, undeclared: [...undeclared] };
  return success({ exitCode: 0, document, text: publishText(host, document) });
}

async function wantedElsewhere(
  repository: Repository | undefined,
  typed: string,
  { build, variables }: Pick<PublishOptions, 'build' | 'variables'>,
): Promise<Outcome<{ readonly body: object; readonly undeclared: readonly UndeclaredInput[] }>> {
  if (build !== undefined) {
    if (Object.keys(variables).length === 0) return success({ body: { build: build.toUpperCase() }, undeclared: [] });
    return failure('USAGE', '--build names a build, whose variables are known', 'leave out either --var or --build');
  }
  if (repository === undefined)
    return failure(
      'CONFIG_MISSING',
      'there is no hybridcore.yaml here, and what is published has to be what stands in the repository',
      'call it in the image repository, or name an earlier build with --build',
    );
  const found = findBuilder(repository.config, typed);
  if (!found.ok) return found;
  const discovered = await repositoryInputs(repository).discover(found.value.builder, variables);
  if (!discovered.ok) return discovered;
  const { inputs, undeclared } = discovered.value;
  return success({ body: { fingerprint: fingerprintOf(inputs), variables }, undeclared });
}

async function builderLines(api: ApiClient): Promise<Outcome<BuildersDocument['builders']>> {
  const all: BuildersDocument['builders'] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Outcome<BuildersDocument> = await api.send(reading('/builders', cursor === '' ? {} : { cursor }), BuildersDocument);
    if (!page.ok) return page;
    all.push(...page.value.builders);
    cursor = page.value.cursor;
  }
  return success(all);
}

function ofBuilder(typed: string): string {
  return `/builders/${encodeURIComponent(typed)}`;
}
