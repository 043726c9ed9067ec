import { type Command } from 'commander';

import { systemUser } from '../adapters/local/system.ts';
import { type Host, findBuilder } from './host.ts';
import { apiOptions, jsonOption, repositoryOptions } from './options.ts';
import { type RemoteOptions } from './remote-address.ts';
import { type Running } from './running.ts';

/** Adds `quarantine` and what stands below it. */
export function registerQuarantine(
  program: Command,
  host: Host,
  { onThisMachine, onEither }: Pick<Running, 'onThisMachine' | 'onEither'>,
): void {
  const quarantine = program.command('quarantine').description('shows and releases quarantined builders');
  const quarantineCommand = (words: string, description: string, example: string): Command =>
    apiOptions(
      repositoryOptions(jsonOption(quarantine.command(words).description(description).addHelpText('after', `\nExample: ${example}`))),
    );
  quarantineCommand('list', 'shows the builders that take no build, with why', 'hybridcore-packer quarantine list').action(
    (options: RemoteOptions) =>
      onEither(
        options,
        async (api) => (await import('./commands/elsewhere.ts')).quarantineListElsewhere(api),
        () => onThisMachine(null, options, async (embedded) => (await import('./commands/quarantine.ts')).quarantineList(embedded)),
      ),
  );
  quarantineCommand(
    'release <builder>',
    'opens a builder again; who did it and why is recorded',
    'hybridcore-packer quarantine release debian-base --reason "key rotated, file removed"',
  )
    .requiredOption('--reason <text>', 'what was found and what was done about it')
    .action((typed: string, options: RemoteOptions & { reason: string }) => {
      // It is kept, and told to whoever asks.
      const reason = host.outgoing.text(options.reason);
      return onEither(
        options,
        async (api) => (await import('./commands/elsewhere.ts')).quarantineReleaseElsewhere(api, typed, reason),
        () =>
          onThisMachine(typed, options, async (embedded, repository) => {
            const found = findBuilder(repository.config, typed);
            const { quarantineRelease } = await import('./commands/quarantine.ts');
            return found.ok ? quarantineRelease(embedded, found.value.name, systemUser(), reason) : found;
          }),
        typed,
      );
    });
}
