import { type Command } from 'commander';

import { systemUser } from '../adapters/local/system.ts';
import { registerDiag } from './diag-program.ts';
import { failure } from '../core/failure.ts';
import { type Host, findBuilder } from './host.ts';
import { apiOptions, wholeNumber } from './options.ts';
import { type RemoteOptions } from './remote-address.ts';
import { type Running } from './running.ts';

/**
 * Adds the commands about builds that were asked for, on this machine or elsewhere: what they do, what they left, and their end.
 *
 * @param command adds a command with the options of a repository.
 */
export function registerBuilds(
  command: (words: string, description: string, example: string) => Command,
  host: Host,
  { run, onThisMachine, onEither }: Omit<Running, 'inRepository'>,
): void {
  apiOptions(
    command('status [builder]', 'shows what runs, what waits, how the last build ended, what is quarantined', 'hybridcore-packer status'),
  ).action((typed: string | undefined, options: RemoteOptions) =>
    onEither(
      options,
      async (api) => (await import('./commands/elsewhere.ts')).statusElsewhere(api, typed),
      () =>
        onThisMachine(typed ?? null, options, async (embedded, repository) => {
          const one = typed === undefined ? undefined : findBuilder(repository.config, typed);
          if (one?.ok === false) return one;
          const { status } = await import('./commands/status.ts');
          return status(embedded, repository.config, one?.value.name);
        }),
      typed ?? null,
    ),
  );

  apiOptions(
    command('builds <builder>', 'lists the builds of a builder, the newest first', 'hybridcore-packer builds debian-base --limit 5'),
  )
    .option('--limit <number>', 'how many, from 1 to 100', wholeNumber(1, 100), 20)
    .option('--cursor <cursor>', 'where to go on, from the page before')
    .action((typed: string, options: RemoteOptions & { limit: number; cursor?: string }) => {
      const page = { limit: options.limit, ...(options.cursor === undefined ? {} : { cursor: options.cursor }) };
      return onEither(
        options,
        async (api) => (await import('./commands/elsewhere.ts')).buildsElsewhere(api, typed, page),
        () =>
          onThisMachine(typed, options, async (embedded, repository) => {
            const found = findBuilder(repository.config, typed);
            return found.ok ? (await import('./commands/builds.ts')).builds(embedded, found.value.name, page) : found;
          }),
        typed,
      );
    });

  apiOptions(
    command(
      'logs <build>',
      'prints the scrubbed log of a build; of a running one what there is so far',
      'hybridcore-packer logs 01J9Z3K4M5N6P7Q8R9S0T1V2W3',
    ),
  )
    .option('--attempt <number>', 'one attempt only', wholeNumber(1, 2))
    .option('--raw', "packer's machine-readable lines, as they are stored")
    .option('--follow', 'print what comes until the build has ended, and end as it did')
    .action((typed: string, options: RemoteOptions & { attempt?: number; raw?: boolean; follow?: boolean }) => {
      const one = options.attempt === undefined ? {} : { attempt: options.attempt === 1 ? (1 as const) : (2 as const) };
      const wanted = { raw: options.raw ?? false, json: options.json ?? false, ...one };
      if (options.follow === true) return followBuild(typed, options, one.attempt);
      return onEither(
        options,
        async (api) => (await import('./commands/elsewhere.ts')).logsElsewhere(api, typed, wanted),
        () => onThisMachine(null, options, async (embedded) => (await import('./commands/logs.ts')).logs(embedded, typed, wanted)),
      );
    });

  function followBuild(typed: string, options: RemoteOptions & { raw?: boolean }, only: 1 | 2 | undefined): Promise<void> {
    const { json = false, raw = false } = options;
    if (json || raw)
      return run(null, options, async () =>
        failure(
          'USAGE',
          `--follow prints lines for a person as they come, and ${json ? '--json' : '--raw'} is about a log that is whole`,
          'leave out one of them; `dispatch --wait --json` waits for a result',
        ),
      );
    return onEither(
      options,
      async (api) => {
        const [{ followLogs }, { followedLogsElsewhere }] = await Promise.all([
          import('./commands/follow-logs.ts'),
          import('./commands/elsewhere.ts'),
        ]);
        return followLogs(host, followedLogsElsewhere(api, typed), only);
      },
      () =>
        onThisMachine(null, options, async (embedded, { config }) => {
          const [{ followLogs }, { followedLogs }] = await Promise.all([
            import('./commands/follow-logs.ts'),
            import('./commands/followed-here.ts'),
          ]);
          return followLogs(host, followedLogs(embedded, config, typed), only);
        }),
    );
  }

  registerDiag(
    command(
      'diag <build>',
      'packs all that a build left: manifest, logs, verdicts, timeline; scrubbed once more, the same bytes each time',
      'hybridcore-packer diag 01J9Z3K4M5N6P7Q8R9S0T1V2W3 --output bundle.tar.gz',
    ),
    host,
    { onThisMachine, onEither, run },
  );

  apiOptions(
    command('stop <build>', 'asks a build to stop; packer gets its clean-up', 'hybridcore-packer stop 01J9Z3K4M5N6P7Q8R9S0T1V2W3'),
  ).action((typed: string, options: RemoteOptions) =>
    onEither(
      options,
      async (api) => (await import('./commands/elsewhere.ts')).stopElsewhere(api, typed),
      () =>
        onThisMachine(null, options, async (embedded, repository) =>
          (await import('./commands/stop.ts')).stop(embedded, repository.config, typed, systemUser()),
        ),
    ),
  );
}
