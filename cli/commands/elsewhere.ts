import { resolve } from 'node:path';

import { type ApiCall, type ApiClient } from '../../adapters/api/api-client.ts';
import { writeFileAtomically } from '../../adapters/local/atomic-file.ts';
import { gzip } from '../../adapters/local/gzip.ts';
import { tarArchive } from '../../adapters/local/tar-archive.ts';
import { DiagLinkDocument, LogLinksDocument } from '../../core/api/api-documents.ts';
import { bundleLimits } from '../../core/diag/bundle-limits.ts';
import { type DiagDocument } from '../../core/diag/diag-documents.ts';
import { readBundle } from '../../core/diag/read-bundle.ts';
import { digestOf } from '../../core/digest.ts';
import { type LogsDocument, StopDocument } from '../../core/documents.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { handoverLimits } from '../../core/handed-over.ts';
import { type Answer } from '../answer.ts';
import { type Host } from '../host.ts';
import { bundleText } from './diag.ts';
import { logsAnswer } from './logs.ts';
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
      document.attempts.push({ attempt, log_path: path, lines: live === null ? [] : linesOf(live.text) });
      continue;
    }
    const packed = await api.download(link.url, handoverLimits.log);
    if (!packed.ok) return packed;
    const text = gzip.expand(packed.value, { bytes: handoverLimits.expandedLog });
    document.attempts.push({
      attempt,
      log_path: path,
      lines: text === undefined ? [`[${path} is damaged]`] : linesOf(new TextDecoder().decode(text)),
    });
  }
  return success(logsAnswer(document, options.raw));
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}

/** `diag <build>`: the bundle is made where the build is, and brought here. */
export async function diagElsewhere(host: Host, api: ApiClient, typed: string, output: string | undefined): Promise<Outcome<Answer>> {
  const made = await api.send(reading(`${ofBuild(typed)}/diag`), DiagLinkDocument);
  if (!made.ok) return made;
  const { path, digest, link } = made.value;
  const content = await api.download(link.url, bundleLimits.packed);
  if (!content.ok) return content;
  if (digestOf(content.value) !== digest)
    return failure(
      'API_ANSWER',
      `what came of ${path} is not the bundle that was made: its digest is not ${digest}`,
      'ask again; where it stays so, somebody stands between you and the dispatcher',
    );
  const file = output ?? `${made.value.build_id}.tar.gz`;
  const bundle = await readBundle({ archive: tarArchive, compression: gzip }, content.value);
  if (!bundle.ok) return bundle;
  await writeFileAtomically(resolve(host.workingFolder, file), content.value);
  const document: DiagDocument = { path: file, digest, size: content.value.length, index: bundle.value.index };
  return success({ exitCode: 0, document, text: bundleText(document) });
}
