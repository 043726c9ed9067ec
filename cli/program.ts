import { type Command } from 'commander';

import { systemClock, systemUser } from '../adapters/local/system.ts';
import { type ChannelName, defaultChannel } from '../core/channel.ts';
import { exitCodes } from '../core/exit-code.ts';
import { type Config } from '../core/config.ts';
import { type Outcome, failure, success } from '../core/failure.ts';
import { type BuilderName } from '../core/identity.ts';
import { type PackerTool } from '../core/ports.ts';
import { type ApiClient } from '../adapters/api/api-client.ts';
import { type Answer, printAnswer, printFailure } from './answer.ts';
import { registerBuilds } from './builds-program.ts';
import { registerDispatch, requestOptions } from './dispatch-program.ts';
import { registerQuarantine } from './quarantine-program.ts';
import { registerRetention } from './retention-program.ts';
import { type Embedded } from './embedded.ts';
import { type GlobalOptions, type Host, type Repository, builderNames, findBuilder, openRepository } from './host.ts';
import { type RemoteOptions, remoteAddress } from './remote-address.ts';
import { apiOptions, channelOption, jsonOption, repositoryOptions, secretOption, variableOption, wholeNumber } from './options.ts';
import { type RequestOptions } from './typed-request.ts';
import { version } from '../core/version.ts';

type Exit = (code: number) => void;

/**
 * Adds every command, with its options and an example. Each is a thin shell over a function in `commands/`, which is
 * loaded when it is called: a command does not wait for what the others need.
 */
export function registerCommands(program: Command, host: Host, exit: Exit): Command {
  program
    .description('Dispatches packer builds: one retry where it helps, a sealed hash manifest of what went in, logs without secrets.')
    .version(version)
    .showSuggestionAfterError()
    .helpCommand(false)
    // An option is for the command that it stands behind: `diag` has some, and so has `diag replay`.
    .enablePositionalOptions()
    .addHelpText('after', `\n${exitCodeHelp()}\n\nExample: hybridcore-packer build debian-base`);

  const tool = async (): Promise<Outcome<PackerTool>> => (await import('./packer-tool.ts')).findTool(host);
  const command = (words: string, description: string, example: string): Command =>
    repositoryOptions(withoutRepository(words, description, example));
  const withoutRepository = (words: string, description: string, example: string): Command =>
    jsonOption(program.command(words).description(description).addHelpText('after', `\nExample: ${example}`));
  const run = (about: string | null, options: GlobalOptions, action: () => Promise<Outcome<Answer>>): Promise<void> =>
    answered(host, exit, about, options, action);
  const inRepository = (
    about: string | null,
    options: GlobalOptions,
    action: (repository: Repository) => Promise<Outcome<Answer>>,
  ): Promise<void> =>
    run(about, options, async () => {
      const repository = openRepository(host, options);
      return repository.ok ? action(repository.value) : repository;
    });
  const onThisMachine = (
    about: string | null,
    options: GlobalOptions,
    action: (embedded: Embedded, repository: Repository) => Promise<Outcome<Answer>>,
    { mayBeNew = false }: { readonly mayBeNew?: boolean } = {},
  ): Promise<void> =>
    inRepository(about, options, async (repository) => {
      const { isNewHome, openEmbedded } = await import('./embedded.ts');
      // Without --home it is the repository's own, which is there, and has no records before its first build.
      if (options.home !== undefined && !mayBeNew && (await isNewHome(repository))) return noRecords(options.home, repository);
      const embedded = await openEmbedded(host, repository);
      try {
        return await action(embedded, repository);
      } finally {
        embedded.close();
      }
    });

  /** For the dispatcher that is named, or else for the one on this machine. */
  const onEither = (
    options: RemoteOptions,
    elsewhere: (api: ApiClient) => Promise<Outcome<Answer>>,
    here: () => Promise<void>,
    about: string | null = null,
  ): Promise<void> => {
    const address = remoteAddress(host, options);
    if (address === undefined) return here();
    return run(about, options, async () => {
      const { openApi } = await import('./remote.ts');
      const api = await openApi(host, address, options);
      return api.ok ? elsewhere(api.value) : api;
    });
  };

  withoutRepository('init', 'writes a hybridcore.yaml for the templates it finds here and below', 'hybridcore-packer init').action(
    (options: GlobalOptions) => run(null, options, async () => (await import('./commands/init.ts')).init(host.workingFolder)),
  );

  command(
    'validate [builder]',
    'checks config, inputs, secrets among the inputs, then runs packer validate',
    'hybridcore-packer validate debian-base --strict',
  )
    .option('--strict', 'an undeclared input is an error')
    .addOption(variableOption('a variable that the request would set, of the builder named; may be repeated'))
    .action((typed: string | undefined, options: GlobalOptions & { strict?: boolean; var: Record<string, string> }) =>
      inRepository(typed ?? null, options, async (repository) => {
        const names = namedBuilders(repository.config, typed, 'validate', options.var);
        if (!names.ok) return names;
        const { validate } = await import('./commands/validate.ts');
        return validate(host, repository, names.value, tool, {
          strict: options.strict ?? false,
          variables: options.var,
        });
      }),
    );

  command(
    'inputs <builder>',
    'shows what the image is made from, and the fingerprint over it',
    'hybridcore-packer inputs debian-base --json',
  )
    .option('--strict', 'an undeclared input is an error')
    .addOption(variableOption('a variable that the request would set; may be repeated'))
    .action((typed: string, options: GlobalOptions & { strict?: boolean; var: Record<string, string> }) =>
      inRepository(typed, options, async (repository) => {
        const found = findBuilder(repository.config, typed);
        const { inputs } = await import('./commands/inputs.ts');
        return found.ok
          ? inputs(repository, found.value.builder, { variables: options.var, strict: options.strict ?? false, words: host.words })
          : found;
      }),
    );

  requestOptions(
    command(
      'build <builder>',
      'builds an image: inputs, packer, verdict, one retry where it helps, sealed manifest',
      'hybridcore-packer build debian-base --var region=us-east-1',
    ),
  ).action((typed: string, options: GlobalOptions & RequestOptions) =>
    onThisMachine(
      typed,
      options,
      async (embedded, repository) => {
        const found = findBuilder(repository.config, typed);
        const [{ build }, { typedRequest, withOtherFaults }] = await Promise.all([
          import('./commands/build.ts'),
          import('./typed-request.ts'),
        ]);
        const request = await typedRequest(repository, { name: typed, builder: found.ok ? found.value.builder : null }, options);
        if (!found.ok) return { ok: false, failure: withOtherFaults(found.failure, repository.config, request) };
        return build(host, embedded, repository.config, request, systemUser());
      },
      { mayBeNew: true },
    ),
  );

  command(
    'drift [builder]',
    'shows which inputs were added, removed or changed since the newest manifest',
    'hybridcore-packer drift debian-base --diff',
  )
    .addOption(variableOption('a variable that the request for the build set, of the builder named; may be repeated'))
    .option('--diff', 'show changed files line by line, as far as git has what they were')
    .option('--exit-code', 'exit with 1 where an input drifted or nothing was built yet: for CI')
    .action((typed: string | undefined, options: GlobalOptions & { var: Record<string, string>; diff?: boolean; exitCode?: boolean }) =>
      onThisMachine(
        typed ?? null,
        options,
        async (embedded, repository) => {
          const names = namedBuilders(repository.config, typed, 'drift', options.var);
          if (!names.ok) return names;
          const { drift } = await import('./commands/drift.ts');
          return drift(host, embedded, repository, names.value, {
            variables: options.var,
            diff: options.diff ?? false,
            exitCode: options.exitCode ?? false,
          });
        },
        { mayBeNew: true },
      ),
    );

  apiOptions(
    command(
      'publish <builder>',
      'lets a channel point to the newest build, where the inputs are still those of its manifest; or to an earlier one',
      'hybridcore-packer publish debian-base --check',
    ),
  )
    .addOption(channelOption('the channel to move').default(defaultChannel))
    .option('--build <build>', 'an earlier build, on purpose: whatever the inputs are now')
    .addOption(variableOption('a variable that the request for the build set; may be repeated'))
    .option('--check', 'decide, and move nothing: what CI calls')
    .action(
      (typed: string, options: RemoteOptions & { channel: ChannelName; build?: string; var: Record<string, string>; check?: boolean }) => {
        const wanted = {
          channel: options.channel,
          ...(options.build === undefined ? {} : { build: options.build }),
          variables: options.var,
          check: options.check ?? false,
        };
        return onEither(
          options,
          async (api) => {
            const repository = openRepository(host, options);
            if (!repository.ok && repository.failure.rule !== 'CONFIG_MISSING') return repository;
            const { publishElsewhere } = await import('./commands/elsewhere.ts');
            return publishElsewhere(host, api, repository.ok ? repository.value : undefined, typed, wanted);
          },
          () =>
            onThisMachine(typed, options, async (embedded, repository) => {
              const found = findBuilder(repository.config, typed);
              if (!found.ok) return found;
              const { publish } = await import('./commands/publish.ts');
              return publish(host, embedded, repository, found.value, { ...wanted, by: systemUser() });
            }),
          typed,
        );
      },
    );

  command(
    'verify [builder]',
    'holds every sealed manifest and every channel against what was recorded; exit code 3 where one does not hold',
    'hybridcore-packer verify',
  ).action((typed: string | undefined, options: GlobalOptions) =>
    onThisMachine(typed ?? null, options, async (embedded, { config }) => {
      const names = namedBuilders(config, typed, 'verify', {});
      if (!names.ok) return names;
      const { verify } = await import('./commands/verify.ts');
      return verify(host, embedded, names.value);
    }),
  );

  command(
    'attempt <builder>',
    'one run of packer, as the buildspec calls it; hands over through incoming/',
    'hybridcore-packer attempt "$HYBRIDCORE_BUILDER"',
  ).action((typed: string, options: GlobalOptions) =>
    inRepository(typed, options, async (repository) => (await import('./commands/attempt.ts')).attempt(host, repository, typed, tool)),
  );

  registerBuilds(command, host, { run, onThisMachine, onEither });

  command(
    'serve',
    'serves the HTTP API of this machine on the loopback interface, with the schedules running',
    'hybridcore-packer serve --port 8642',
  )
    .option('--port <number>', 'the port to listen on; 0 takes a free one', wholeNumber(0, 65_535), 8642)
    .action((options: GlobalOptions & { port: number }) =>
      onThisMachine(
        null,
        options,
        async (embedded, repository) =>
          (await import('./commands/serve.ts')).serve(host, embedded, repository, { port: options.port, by: systemUser() }),
        { mayBeNew: true },
      ),
    );

  registerDispatch(
    command(
      'dispatch <builder>',
      'asks a dispatcher elsewhere for a build: the deployed one, or one that `serve` runs',
      'hybridcore-packer dispatch debian-base --api https://HOST/STAGE --wait',
    ),
    host,
    { run },
  );

  withoutRepository(
    'classify [file]',
    'gives the verdict on a packer log, human or machine-readable, from a file or standard input (-)',
    'packer build . | hybridcore-packer classify - --packer-exit-code 1',
  )
    .option('--packer-exit-code <number>', 'what packer exited with, where it is known', wholeNumber(0, 255))
    .option('--attempt <number>', 'judge it as the first or the second attempt', wholeNumber(1, 2), 1)
    .action((file: string | undefined, options: GlobalOptions & { packerExitCode?: number; attempt: number }) =>
      run(null, options, async () =>
        (await import('./commands/classify.ts')).classify(host, file ?? '-', {
          packerExitCode: options.packerExitCode ?? null,
          attempt: options.attempt === 2 ? 2 : 1,
        }),
      ),
    );

  withoutRepository(
    'scrub [file]',
    'prints a text without its secrets, from a file or standard input (-); with --json what was done, in place of the text',
    'hybridcore-packer scrub packer.log --secret env:JOIN_TOKEN --manifest scrub.json > clean.log',
  )
    .option('--manifest <file>', 'writes there what was redacted, with each place')
    .addOption(secretOption('the name of an environment variable whose value must be gone, too; may be repeated'))
    .action((file: string | undefined, options: GlobalOptions & { manifest?: string; secret: string[] }) =>
      run(null, options, async () =>
        (await import('./commands/scrub.ts')).scrub(host, file ?? '-', {
          secrets: options.secret,
          json: options.json ?? false,
          ...(options.manifest === undefined ? {} : { manifest: options.manifest }),
        }),
      ),
    );

  withoutRepository('schema [name]', 'prints a JSON Schema, or the names of all', 'hybridcore-packer schema result').action(
    (name: string | undefined, options: GlobalOptions) =>
      run(null, options, async () => (await import('./commands/schema.ts')).schema(name)),
  );

  registerQuarantine(program, host, { onThisMachine, onEither });
  registerRetention(program, host, { run, inRepository, onThisMachine, onEither });

  // What the embedded build service starts; not for people.
  program
    .command('run-buildspec <folder>', { hidden: true })
    .action(async (folder: string) => exit(await (await import('./commands/run-buildspec.ts')).runBuildspecCommand(folder)));
  return program;
}

/** The builder that was named, or all; variables are of one builder. */
function namedBuilders(
  config: Config,
  typed: string | undefined,
  command: string,
  variables: Readonly<Record<string, string>>,
): Outcome<readonly BuilderName[]> {
  if (typed !== undefined) {
    const one = findBuilder(config, typed);
    return one.ok ? success([one.value.name]) : one;
  }
  if (Object.keys(variables).length === 0) return success(builderNames(config));
  return failure(
    'USAGE',
    '--var is for one builder, and none is named',
    `name the builder: hybridcore-packer ${command} BUILDER --var name=value`,
  );
}

/** Where nothing was ever recorded there is nothing to look at: whoever names such a home has mistyped it. */
function noRecords(typed: string, { home }: Repository): Outcome<never> {
  return failure(
    'USAGE',
    `--home ${JSON.stringify(typed)} has no records: nothing was ever built in ${home}`,
    'name the folder that `build` or `serve` was given with --home; the first build makes it',
  );
}

function exitCodeHelp(): string {
  const lines = Object.entries(exitCodes).map(([code, { classification, policy }]) => `  ${code}  ${classification}: ${policy}`);
  return ['Exit codes:', ...lines].join('\n');
}

async function answered(
  host: Host,
  exit: Exit,
  about: string | null,
  options: GlobalOptions,
  action: () => Promise<Outcome<Answer>>,
): Promise<void> {
  const json = options.json ?? false;
  const at = systemClock.now();
  const answer = await action();
  if (answer.ok) {
    await printAnswer(host, answer.value, json);
    exit(answer.value.exitCode);
  } else {
    exit(printFailure(host, answer.failure, { builder: about, at }, json));
  }
}
