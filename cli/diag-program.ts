import { type Command, Option } from 'commander';

import { type Outcome } from '../core/failure.ts';
import { type ApiClient } from '../adapters/api/api-client.ts';
import { type Answer } from './answer.ts';
import { type Embedded } from './embedded.ts';
import { type GlobalOptions, type Host, type Repository } from './host.ts';
import { apiOptions, jsonOption, path } from './options.ts';
import { type RemoteOptions } from './remote-address.ts';

type Action<Parameters extends readonly unknown[]> = (...parameters: Parameters) => Promise<Outcome<Answer>>;

/** How commands are run: `registerCommands` has them. */
interface Running {
  readonly onThisMachine: (about: null, options: GlobalOptions, action: Action<[Embedded, Repository]>) => Promise<void>;
  readonly onEither: (options: RemoteOptions, elsewhere: Action<[ApiClient]>, here: () => Promise<void>) => Promise<void>;
  readonly run: (about: null, options: GlobalOptions, action: Action<[]>) => Promise<void>;
}

/**
 * Adds `diag` and what stands below it.
 *
 * @param diag the command `diag <build>`, with the options that each command has.
 */
export function registerDiag(diag: Command, host: Host, { onThisMachine, onEither, run }: Running): void {
  apiOptions(diag)
    .addOption(new Option('--output <file>', 'writes the bundle there (default: diag/BUILDER/BUILD.tar.gz below the home)').argParser(path))
    .action((typed: string, options: RemoteOptions & { output?: string }) =>
      onEither(
        options,
        async (api) => (await import('./commands/elsewhere.ts')).diagElsewhere(host, api, typed, options.output),
        () =>
          onThisMachine(null, options, async (embedded, { config }) =>
            (await import('./commands/diag.ts')).diag(
              host,
              embedded,
              config,
              typed,
              options.output === undefined ? {} : { output: options.output },
            ),
          ),
      ),
    );

  jsonOption(
    diag
      .command('replay <bundle>')
      .description('gives the verdicts of a bundle again, offline; exit code 1 where one is another, and 3 where the bundle was changed')
      .addHelpText('after', '\nExample: hybridcore-packer diag replay bundle.tar.gz'),
  )
    .addOption(
      new Option('--rules <hybridcore.yaml>', 'asks the rules of your own in that file, in place of those in the bundle').argParser(path),
    )
    .action((file: string, options: GlobalOptions & { rules?: string }) =>
      run(null, options, async () =>
        (await import('./commands/diag-replay.ts')).diagReplay(host, file, options.rules === undefined ? {} : { rules: options.rules }),
      ),
    );
}
