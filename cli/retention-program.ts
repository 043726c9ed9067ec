import { type Command } from 'commander';

import { systemUser } from '../adapters/local/system.ts';
import { type DeployedHome } from './commands/retention-bucket.ts';
import { type GlobalOptions, type Host } from './host.ts';
import { apiOptions, jsonOption, path, repositoryOptions } from './options.ts';
import { type RemoteOptions } from './remote-address.ts';
import { type Running } from './running.ts';

/** Adds `retention` and what stands below it. */
export function registerRetention(
  program: Command,
  host: Host,
  { run, inRepository, onThisMachine, onEither }: Pick<Running, 'run' | 'inRepository' | 'onThisMachine' | 'onEither'>,
): void {
  const retention = program
    .command('retention')
    .description('shows and ends what is kept: audit, sweep, legal holds, classes, changed policies');
  const retentionCommand = (words: string, description: string, example: string): Command =>
    repositoryOptions(jsonOption(retention.command(words).description(description).addHelpText('after', `\nExample: ${example}`)));
  const deployedCommand = (words: string, description: string, example: string): Command =>
    retentionCommand(words, description, example)
      .option('--bucket <name>', 'the bucket of a deployed home, with your own credentials', path)
      .option('--table <name>', 'the table with its records', path);
  const changeHold = (hold: boolean, typed: string, options: DeployedHome & { reason: string }) => {
    const [by, reason] = [systemUser(), host.outgoing.text(options.reason)];
    if (!isOnThisMachine(options))
      return run(null, options, async () =>
        (await import('./commands/retention-bucket.ts')).retentionBucketHold(options, typed, { hold, by, reason }),
      );
    return onThisMachine(null, options, async (embedded) => {
      const { retentionHold, retentionRelease } = await import('./commands/retention.ts');
      return (hold ? retentionHold : retentionRelease)(embedded, typed, by, reason);
    });
  };
  deployedCommand(
    'audit',
    'holds every object against its class, its records and the policy; exit code 3 on any finding',
    'hybridcore-packer retention audit --deep',
  )
    .option('--deep', 'read the bytes of all objects, or in a bucket their tags and locks, not of a sample')
    .action((options: DeployedHome & { deep?: boolean }) => {
      const how = { deep: options.deep ?? false };
      return isOnThisMachine(options)
        ? onThisMachine(null, options, async (embedded, { config }) =>
            (await import('./commands/retention.ts')).retentionAudit(host, embedded, config, how),
          )
        : inRepository(null, options, async ({ config }) =>
            (await import('./commands/retention-bucket.ts')).retentionBucketAudit(host, config, options, how),
          );
    });
  deployedCommand(
    'plan',
    'shows what the policy as it is now would keep for less or for longer than was promised; changes nothing',
    'hybridcore-packer retention plan',
  ).action((options: DeployedHome) =>
    isOnThisMachine(options)
      ? onThisMachine(null, options, async (embedded, { config }) =>
          (await import('./commands/retention-plan.ts')).retentionPlanHere(embedded, config),
        )
      : inRepository(null, options, async ({ config }) =>
          (await import('./commands/retention-bucket.ts')).retentionBucketPlan(config, options),
        ),
  );
  deployedCommand(
    'apply',
    'keeps what builds left by the policy as it is now; what would go earlier than promised needs --confirm',
    'hybridcore-packer retention apply --reason "policy of 2027" --confirm',
  )
    .requiredOption('--reason <text>', 'why, for who looks at it later')
    .option('--confirm', 'let go earlier what the policy lets go earlier; never what is locked')
    .action((options: DeployedHome & { reason: string; confirm?: boolean }) => {
      const wanted = { confirm: options.confirm ?? false, by: systemUser(), reason: host.outgoing.text(options.reason) };
      return isOnThisMachine(options)
        ? onThisMachine(null, options, async (embedded, { config }) =>
            (await import('./commands/retention-plan.ts')).retentionApplyHere(embedded, config, wanted),
          )
        : inRepository(null, options, async ({ config }) =>
            (await import('./commands/retention-bucket.ts')).retentionBucketApply(config, options, wanted),
          );
    });
  retentionCommand(
    'sweep',
    'shows what has expired, and with --yes deletes it; each deletion is recorded',
    'hybridcore-packer retention sweep --yes',
  )
    .option('--yes', 'delete it')
    .action((options: GlobalOptions & { yes?: boolean }) =>
      onThisMachine(null, options, async (embedded, { config }) =>
        (await import('./commands/retention.ts')).retentionSweep(embedded, config, { yes: options.yes ?? false, by: systemUser() }),
      ),
    );
  deployedCommand(
    'report',
    'what an auditor takes along: policy, objects by class, holds, changes, what went, findings, each with digests; reads all objects',
    'hybridcore-packer retention report --since 2026-01-01 --json',
  )
    .requiredOption('--since <day>', 'from when on deletions, releases and changes are told: 2026-01-01')
    .action((options: DeployedHome & { since: string }) =>
      isOnThisMachine(options)
        ? onThisMachine(null, options, async (embedded, { config }) =>
            (await import('./commands/retention-report.ts')).retentionReport(host, embedded, config, options.since),
          )
        : inRepository(null, options, async ({ config }) =>
            (await import('./commands/retention-bucket-report.ts')).retentionBucketReport(host, config, options, options.since),
          ),
    );
  deployedCommand(
    'hold <build>',
    'keeps all that a build left, whatever its class, until it is released',
    'hybridcore-packer retention hold 01J9Z3K4M5N6P7Q8R9S0T1V2W3 --reason "case 7"',
  )
    .requiredOption('--reason <text>', 'why, for who looks at it later')
    .action((typed: string, options: DeployedHome & { reason: string }) => changeHold(true, typed, options));
  apiOptions(
    retentionCommand(
      'raise <build> <class>',
      'keeps all that a build left for longer: gives it a higher class; lowering is refused',
      'hybridcore-packer retention raise 01J9Z3K4M5N6P7Q8R9S0T1V2W3 evidence --reason "case 7"',
    ),
  )
    .requiredOption('--reason <text>', 'why, for who looks at it later')
    .action((typed: string, name: string, options: RemoteOptions & { reason: string }) => {
      const reason = host.outgoing.text(options.reason);
      return onEither(
        options,
        async (api) => (await import('./commands/elsewhere.ts')).retentionRaiseElsewhere(api, typed, { class: name, reason }),
        () =>
          onThisMachine(null, options, async (embedded, { config }) =>
            (await import('./commands/retention-raise.ts')).retentionRaise(embedded, config, typed, {
              class: name,
              by: systemUser(),
              reason,
            }),
          ),
      );
    });
  deployedCommand(
    'release <build>',
    'ends a legal hold; who did it and why is recorded',
    'hybridcore-packer retention release 01J9Z3K4M5N6P7Q8R9S0T1V2W3 --reason "case 7 is closed"',
  )
    .requiredOption('--reason <text>', 'why, for who looks at it later')
    .action((typed: string, options: DeployedHome & { reason: string }) => changeHold(false, typed, options));
}

function isOnThisMachine({ bucket, table }: DeployedHome): boolean {
  return bucket === undefined && table === undefined;
}
