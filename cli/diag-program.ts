import { type Command, Option } from 'commander';

import { type GlobalOptions, type Host } from './host.ts';
import { apiOptions, jsonOption, path } from './options.ts';
import { type RemoteOptions } from './remote-address.ts';
import { type Running } from './running.ts';

/**
 * Adds `diag` and what stands below it.
 *
 * @param diag the command `diag <build>`, with the options that each command has.
 */
export function registerDiag(diag: Command, host: Host, { onThisMachine, onEither, run }: Omit<Running, 'inRepository'>): void {
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
