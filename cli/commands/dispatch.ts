import { setTimeout as sleep } from 'node:timers/promises';

import { type ApiClient } from '../../adapters/api/api-client.ts';
import { nearestName } from '../../adapters/local/nearest-name.ts';
import { systemIds } from '../../adapters/local/system.ts';
import { BuildDocument } from '../../core/api/api-documents.ts';
import { DispatchDocument } from '../../core/documents.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { type BuildId } from '../../core/identity.ts';
import { Result } from '../../core/result.ts';
import { isFinal } from '../../core/states.ts';
import { type Answer } from '../answer.ts';
import { type Host, type Repository } from '../host.ts';
import { countInterrupts } from '../interrupts.ts';
import { resultText } from '../render/result-text.ts';
import { say } from '../say.ts';
import { type RequestOptions, typedRequest } from '../typed-request.ts';

/** How often a build is looked at that is waited for: the longer it takes, the less often. Milliseconds. */
const looks = { first: 500, longest: 10_000, growth: 1.3 } as const;

/**
 * `dispatch <builder>`: asks a dispatcher elsewhere for a build; with `wait` it follows that build to its end, and answers as
 * `build` does.
 *
 * @param repository the one that the command stands in; undefined where it stands in none. Only what may be skipped needs it.
 */
export async function dispatch(
  host: Host,
  api: ApiClient,
  repository: Repository | undefined,
  typed: string,
  options: RequestOptions & { readonly wait?: boolean },
): Promise<Outcome<Answer>> {
  const builder = repository === undefined ? undefined : new Map(Object.entries(repository.config.builders)).get(typed);
  const { builder: _, ...request } = await typedRequest(repository, { name: typed, builder: builder ?? null }, options);
  const asked = await api.send(
    {
      method: 'POST',
      path: `/builders/${encodeURIComponent(typed)}/builds`,
      // With a token an answer that was lost is asked for again, and gives the same build.
      body: { ...request, client_token: options.clientToken ?? systemIds.buildId() },
      repeatable: true,
    },
    DispatchDocument,
  );
  if (!asked.ok) return withNearestName(asked, repository, typed);
  const { build_id: id, how } = asked.value.dispatched;
  if (options.wait === true) {
    say(host, `build ${id} of ${typed} is ${howWord[how]}`);
    return waitFor(host, api, id);
  }
  return success({
    exitCode: 0,
    document: asked.value,
    text: `build ${id} of ${typed} is ${howWord[how]}\n  follow it with: hybridcore-packer builds ${typed}; its log: hybridcore-packer logs ${id} --follow`,
  });
}

const howWord = {
  accepted: 'accepted',
  joined: 'an equal one that waits already, and does for this request too',
  known: 'the one that this client token was given',
} as const satisfies Record<DispatchDocument['dispatched']['how'], string>;

/** A failure about a builder that the repository knows under nearly that name says so. */
function withNearestName(refused: Outcome<never>, repository: Repository | undefined, typed: string): Outcome<never> {
  if (refused.ok || refused.failure.rule !== 'BUILDER_UNKNOWN' || repository === undefined) return refused;
  const near = nearestName(typed, Object.keys(repository.config.builders));
  if (near === undefined || near === typed) return refused;
  return { ok: false, failure: { ...refused.failure, remedy: `did you mean ${near}? ${refused.failure.remedy}` } };
}

/** Follows a build to its end, and gives its result. */
async function waitFor(host: Host, api: ApiClient, id: BuildId): Promise<Outcome<Answer>> {
  const leaving = `to stop it: hybridcore-packer stop ${id}; to follow it again: hybridcore-packer logs ${id} --follow`;
  const waking = new AbortController();
  const interrupts = countInterrupts(host.terminal, async () => {
    waking.abort();
    return `build ${id} goes on without this command; ${leaving}`;
  });
  let told = '';
  try {
    for (let pause: number = looks.first; ; pause = Math.min(pause * looks.growth, looks.longest)) {
      const seen = await api.send({ method: 'GET', path: `/builds/${id}`, repeatable: true }, BuildDocument);
      if (!seen.ok) return seen;
      if (isFinal(seen.value.state)) break;
      if (interrupts.count() > 0) return failure('INTERRUPTED', `build ${id} goes on without this command (${seen.value.state})`, leaving);
      const sentence = sentenceOf(seen.value);
      if (sentence !== told) say(host, sentence);
      told = sentence;
      await sleep(pause, undefined, { signal: waking.signal }).catch(() => undefined);
    }
  } finally {
    interrupts.end();
  }
  const result = await api.send({ method: 'GET', path: `/builds/${id}/result`, repeatable: true }, Result);
  if (!result.ok) return result;
  return success({ exitCode: result.value.exit_code, document: result.value, text: resultText(host.terminal.out, result.value) });
}

function sentenceOf({
  build_id: id,
  builder,
  state,
  waits_behind: behind,
  attempts,
  runs,
  stop,
  reason,
  rule,
  retry_at,
  unkept_since: unkept,
}: BuildDocument): string {
  if (unkept !== null)
    return `build ${id} of ${builder} waits: the rules of the bucket differ from the retention policy since ${unkept}, which a deployment ends within minutes`;
  const wish = stop === null ? '' : `; ${stop.by} asked it to stop, and packer gets its clean-up`;
  if (state === 'queued')
    return `build ${id} of ${builder} waits${behind === null || behind === 0 ? ' its turn' : ` behind ${behind}`}${wish}`;
  if (state === 'retrying') return `build ${id}: attempt 1 failed transiently (${rule}: ${reason}); the one retry comes at ${retry_at}`;
  return `build ${id}: attempt ${attempts} ${runs.at(-1)?.run === null ? 'starts' : 'is under way'}${wish}`;
}
