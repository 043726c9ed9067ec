import { join } from 'node:path';

import { apiToken } from '../../adapters/local/api-token.ts';
import { secretValues } from '../../adapters/local/environment-secrets.ts';
import { type ApiServer, serveApi } from '../../adapters/local/http-server.ts';
import { scheduleNewsText } from '../../adapters/local/schedule-news.ts';
import { signedLinks } from '../../adapters/local/signed-links.ts';
import { startSchedules } from '../../adapters/local/start-schedules.ts';
import { systemClock, systemRandomness, systemWait } from '../../adapters/local/system.ts';
import { tarArchive } from '../../adapters/local/tar-archive.ts';
import { startTurnLoop } from '../../adapters/local/turn-loop.ts';
import { answerApi } from '../../core/api/answer-api.ts';
import { type ApiDispatcher } from '../../core/api/dispatcher.ts';
import { scrubbedAnswer } from '../../core/api/scrubbed-answer.ts';
import { builderOf } from '../../core/builder-of.ts';
import { commandText } from '../../core/command-text.ts';
import { keepBundle } from '../../core/diag/make-bundle.ts';
import { dispatch } from '../../core/dispatch.ts';
import { type ServeDocument } from '../../core/documents.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { plainText } from '../../core/packer-log/plain-text.ts';
import { reconcile, sweepProblemText } from '../../core/reconcile.ts';
import { changePortsOf } from '../../core/retention/change.ts';
import { raiseClass } from '../../core/retention/raise.ts';
import { sweep } from '../../core/retention/sweep.ts';
import { type Answer, paint } from '../answer.ts';
import { consolesOf } from '../consoles.ts';
import { type Embedded } from '../embedded.ts';
import { type Host, type Repository } from '../host.ts';

/** How often what is open is looked at. Milliseconds. */
const pause = 500;

/** How often what has expired is deleted. Milliseconds. */
const retentionPause = 86_400_000;

/**
 * `serve`: the dispatcher on this machine for who asks over HTTP, with its schedules running and what has expired deleted daily.
 * The first Ctrl-C or SIGTERM ends it kindly: answers that are under way are given, runs go on by themselves, and whatever
 * comes next on this machine goes on with them. A second one ends it at once, which loses nothing either.
 */
export async function serve(
  host: Host,
  embedded: Embedded,
  { home, config }: Repository,
  options: { readonly port: number; readonly by: string },
): Promise<Outcome<Answer>> {
  const say = (text: string) => host.terminal.err.write(`${plainText(text)}\n`);
  const tell = (problem: unknown) =>
    say(`something failed, and is tried again: ${problem instanceof Error ? problem.message : String(problem)}`);
  const tokenFile = join(home, 'state', 'api-token');
  const token = await apiToken(tokenFile, (count) => systemRandomness.bytes(count));
  let server: ApiServer | undefined;
  const links = signedLinks({ home, secret: systemRandomness.bytes(32), clock: systemClock }, () => server?.address ?? '');
  const time = { clock: systemClock, wait: systemWait };
  const turns = startTurnLoop(pause, () => goOn(embedded, config, say), tell, time);
  const retention = startTurnLoop(retentionPause, () => deleteExpired(embedded, config, say), tell, time);
  const dispatcher: ApiDispatcher = {
    config,
    ports: embedded,
    turns,
    links,
    consoles: consolesOf(embedded),
    scrub: (text) => host.outgoing.text(text),
    tell,
    raise: (id, wanted) => raiseClass(changePortsOf(embedded), config.retention, id, wanted),
    bundle: (build) =>
      keepBundle({ ...embedded, archive: tarArchive }, config, build, secretValues(host.environment, builderOf(config, build.builder))),
  };
  try {
    server = await serveApi(
      { host: '127.0.0.1', port: options.port },
      {
        token,
        links,
        by: options.by,
        answer: async (request) => scrubbedAnswer(host.outgoing, await answerApi(dispatcher, request)),
        log: say,
        now: () => systemClock.now(),
      },
    );
  } catch (cause) {
    await Promise.all([turns.stop(), retention.stop()]);
    return failure(
      'USAGE',
      `port ${options.port} cannot be listened on: ${cause instanceof Error ? cause.message : String(cause)}`,
      'see whether another `serve` has it, or choose another one with --port',
    );
  }
  const schedules = startSchedules(config, {
    book: embedded.schedules,
    clock: systemClock,
    wait: systemWait,
    async fire({ request, by }) {
      const asked = await dispatch(embedded, config, {
        request,
        command: commandText(['hybridcore-packer', 'dispatch', request.builder]),
        by,
      });
      if (asked.ok) await turns.send({ turn: asked.value.build.builder }, 0);
      return asked;
    },
    tell: (news) => say(scheduleNewsText(news)),
  });
  // Before it is said that anything is served: whoever reads that may end it at once.
  const ending = interrupted();
  host.terminal.err.write(
    `${paint(host.terminal.err, 'cyan', `serving ${Object.keys(config.builders).length} builders at ${server.address}; the token is in ${tokenFile}`)}\n`,
  );
  await ending;
  say('stopping: what runs goes on, and whatever is called here next goes on with it');
  await Promise.all([server.stop(), schedules.stop()]);
  await Promise.all([turns.stop(), retention.stop()]);
  const document: ServeDocument = { stopped: true };
  return success({ exitCode: 0, document, text: '' });
}

/** Goes on with everything that is open, and says what could not be gone on with. */
async function goOn(embedded: Embedded, config: Repository['config'], say: (text: string) => void): Promise<void> {
  for (const problem of (await reconcile(embedded, config)).problems)
    say(`could not be gone on with, and is tried again: ${sweepProblemText(problem)}`);
}

/** Deletes what has expired, as `retention sweep --yes` does, and says how much that was. */
async function deleteExpired(embedded: Embedded, config: Repository['config'], say: (text: string) => void): Promise<void> {
  const { deleted, problems } = await sweep(embedded, config.retention, 'serve');
  if (deleted.length > 0)
    say(`retention: ${deleted.length} objects had expired and were deleted; \`hybridcore-packer retention report\` lists them`);
  for (const { message } of problems) say(`retention: ${message}`);
}

/** Until somebody ends this process: the first signal lets it end by itself, the second does not wait. */
function interrupted(): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  return new Promise((resolve) => {
    const onSignal = () => {
      for (const signal of signals) process.off(signal, onSignal);
      resolve();
    };
    for (const signal of signals) process.on(signal, onSignal);
  });
}
